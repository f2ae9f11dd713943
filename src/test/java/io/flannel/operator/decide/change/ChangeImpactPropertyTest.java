package io.flannel.operator.decide.change;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.Specs;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Properties of the impact of any change. */
class ChangeImpactPropertyTest {
  @Property
  void runningConfigurationIsNoChange(@ForAll("networks") DesiredNetwork network) {
    assertThat(SpecValidator.change(network, running(network))).isEqualTo(new ChangeImpact.None());
  }

  @Property
  void aNetworkWithoutDifferenceIsTheOnlyOneWithoutChange(
      @ForAll("networks") DesiredNetwork live, @ForAll("networks") DesiredNetwork next) {
    ChangeImpact change = SpecValidator.change(next, running(live));
    assertThat(change instanceof ChangeImpact.None).isEqualTo(change.differences().isEmpty());
    assertThat(change.message()).isNotBlank();
  }

  @Property
  void changeBetweenBackendsWithoutKeysIsLiveBothWays(
      @ForAll("plain") String one, @ForAll("plain") String other, @ForAll boolean direct) {
    Assume.that(!one.equals(other));
    assertThat(SpecValidator.change(network(one, direct), running(network(other, direct))))
        .isInstanceOf(ChangeImpact.Live.class);
    assertThat(SpecValidator.change(network(other, direct), running(network(one, direct))))
        .isInstanceOf(ChangeImpact.Live.class);
  }

  @Property
  void wireguardOnOneSideIsNeverLive(
      @ForAll("networks") DesiredNetwork live, @ForAll("networks") DesiredNetwork next) {
    Assume.that(isWireguard(live) != isWireguard(next));
    assertThat(SpecValidator.change(next, running(live)))
        .isInstanceOfAny(ChangeImpact.Disruptive.class, ChangeImpact.Refused.class);
    assertThat(SpecValidator.change(withRangesOf(live, next), running(live)))
        .isInstanceOf(ChangeImpact.Disruptive.class);
  }

  @Property
  void aRefusalSaysWhyAndTheWayOut(
      @ForAll("networks") DesiredNetwork live, @ForAll("networks") DesiredNetwork next) {
    if (SpecValidator.judge(next, running(live)) instanceof Decision.Refuse refuse) {
      assertThat(refuse.reason()).matches("[A-Z][A-Za-z0-9]+");
      assertThat(refuse.message()).hasSizeGreaterThan(20);
      assertThat(refuse.remedy()).hasSizeGreaterThan(20);
    }
    if (SpecValidator.change(next, running(live)) instanceof ChangeImpact.Refused refused) {
      assertThat(refused.message()).isNotBlank();
      assertThat(refused.remedy()).isNotBlank();
    }
  }

  @Property
  void aStrandedLeaseIsAlwaysRefused(
      @ForAll("networks") DesiredNetwork any,
      @ForAll @IntRange(min = 0, max = 255) int one,
      @ForAll @IntRange(min = 0, max = 255) int other,
      @ForAll @IntRange(min = 16, max = 24) int prefix) {
    Assume.that(one != other);
    String backend = any.backend().type().wireName();
    DesiredNetwork live = Networks.vxlan("10.%d.0.0/16".formatted(one));
    DesiredNetwork next =
        Networks.wanted(
            "{cidr: 10.%d.0.0/%d, backend: {type: %s}, nftables: %s, rollout: {disruption: Allow}}"
                .formatted(other, prefix, backend, any.nftables()));
    assertThat(SpecValidator.change(next, running(live))).isInstanceOf(ChangeImpact.Refused.class);
    assertThat(SpecValidator.judge(next, running(live))).isInstanceOf(Decision.Refuse.class);
  }

  @Property
  void aWiderRangeWithTheSameBaseIsLive(@ForAll @IntRange(min = 8, max = 16) int prefix) {
    DesiredNetwork live = Networks.vxlan("10.0.0.0/16");
    DesiredNetwork wider = Networks.vxlan("10.0.0.0/" + prefix);
    Assume.that(!live.equals(wider));
    assertThat(SpecValidator.change(wider, running(live))).isInstanceOf(ChangeImpact.Live.class);
  }

  @Property
  void onlyWhatIsDisruptiveNeedsToBeAllowed(
      @ForAll("networks") DesiredNetwork live, @ForAll("networks") DesiredNetwork next) {
    ClusterState cluster = running(live);
    Decision decision = SpecValidator.judge(next, cluster);
    switch (SpecValidator.change(next, cluster)) {
      case ChangeImpact.None _, ChangeImpact.Live _ ->
          assertThat(decision).isEqualTo(Decision.accept());
      case ChangeImpact.Disruptive _ ->
          assertThat(decision instanceof Decision.Accept).isEqualTo(next.disruptionAllowed());
      case ChangeImpact.Refused refused ->
          assertThat(decision)
              .isEqualTo(Decision.refuse(refused.reason(), refused.message(), refused.remedy()));
    }
  }

  private static boolean isWireguard(DesiredNetwork network) {
    return network.backend().type() == BackendType.WIREGUARD;
  }

  private static DesiredNetwork network(String type, boolean direct) {
    return Networks.wanted(
        "{cidr: 10.244.0.0/16, backend: {type: %s%s}}"
            .formatted(type, direct && !type.equals("host-gw") ? ", directRouting: true" : ""));
  }

  /**
   * A minimal network with the ranges of one and the backend type of the other. With an IPv6 range,
   * which ipip does not support, host-gw replaces ipip.
   */
  private static DesiredNetwork withRangesOf(DesiredNetwork ranges, DesiredNetwork backend) {
    List<String> fields = new ArrayList<>();
    ranges.cidr().ifPresent(cidr -> fields.add("cidr: '%s'".formatted(cidr)));
    ranges.ipv6Cidr().ifPresent(cidr -> fields.add("ipv6CIDR: '%s'".formatted(cidr)));
    BackendType type =
        ranges.ipv6Cidr().isPresent() && backend.backend().type() == BackendType.IPIP
            ? BackendType.HOST_GW
            : backend.backend().type();
    fields.add("backend: {type: %s}".formatted(type.wireName()));
    return Networks.wanted("{" + String.join(", ", fields) + "}");
  }

  /** Three nodes on which the network runs, each with a podCIDR of every family and a lease. */
  private static ClusterState running(DesiredNetwork network) {
    List<ClusterNode> nodes =
        IntStream.rangeClosed(1, 3).mapToObj(number -> leased(network, number)).toList();
    return cluster(nodes).running(network).state();
  }

  private static ClusterNode leased(DesiredNetwork network, int number) {
    Nodes node =
        node("n" + number)
            .internalIp("192.168.0." + number)
            .leased(network.backend().type().wireName(), "192.168.0." + number, "fd01::" + number);
    network.pods().nodeSelector().forEach(node::label);
    network.ranges().forEach(range -> node.podCidr(first(range)));
    return node.get();
  }

  /** The smallest podCIDR at the start of a range, which fits into any range. */
  private static String first(Cidr range) {
    return range.base() + "/" + range.family().bits();
  }

  @Provide
  Arbitrary<DesiredNetwork> networks() {
    return Specs.networks();
  }

  @Provide
  Arbitrary<String> plain() {
    return Arbitraries.of("vxlan", "ipip", "host-gw");
  }
}
