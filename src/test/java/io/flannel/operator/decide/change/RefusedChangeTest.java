package io.flannel.operator.decide.change;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.decide.change.ChangeScenario.leased;
import static io.flannel.operator.decide.change.ChangeScenario.running;
import static io.flannel.operator.flannel.Networks.dualStack;
import static io.flannel.operator.flannel.Networks.ipip;
import static io.flannel.operator.flannel.Networks.vxlan;
import static io.flannel.operator.flannel.Networks.wanted;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.flannel.DesiredNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ranges, families and backends that the existing nodes do not allow. */
class RefusedChangeTest {
  @ParameterizedTest
  @CsvSource({"10.240.0.0/12", "10.244.0.0/15", "10.0.0.0/8", "10.244.0.0/20"})
  void aRangeThatHoldsEveryPodCidrIsLive(String cidr) {
    assertThat(SpecValidator.change(vxlan(cidr), running(vxlan("10.244.0.0/16")).state()))
        .isInstanceOf(ChangeImpact.Live.class);
  }

  @Test
  void aNarrowerRangeIsToldToTheControllerManagerToo() {
    assertThat(
            SpecValidator.change(vxlan("10.244.0.0/20"), running(vxlan("10.244.0.0/16")).state())
                .message())
        .contains("those of nodes that join must be, too", "--cluster-cidr");
    assertThat(
            SpecValidator.change(vxlan("10.244.0.0/15"), running(vxlan("10.244.0.0/16")).state())
                .message())
        .doesNotContain("--cluster-cidr");
  }

  @ParameterizedTest
  @CsvSource({"10.245.0.0/16", "10.244.0.0/23", "172.16.0.0/12"})
  void aRangeThatStrandsALeaseIsRefused(String cidr) {
    assertThat(SpecValidator.change(vxlan(cidr), running(vxlan("10.244.0.0/16")).state()))
        .isInstanceOfSatisfying(
            ChangeImpact.Refused.class,
            refused -> {
              assertThat(refused.reason()).isEqualTo("PodCIDROutside");
              assertThat(refused.differences())
                  .extracting(FieldDiff::toString)
                  .containsExactly("cidr: 10.244.0.0/16 -> " + cidr);
            });
  }

  @Test
  void aFamilyThatPodsUseIsNotTakenAway() {
    DesiredNetwork both = dualStack("10.244.0.0/16", "fd00:10:244::/56");
    Clusters cluster =
        cluster(
                node("n1")
                    .podCidr("10.244.1.0/24", "fd00:10:244:1::/64")
                    .leased("vxlan", "192.168.0.1", "fd01::1"),
                node("n2").podCidr("10.244.2.0/24").leased("vxlan", "192.168.0.2"))
            .running(both);
    assertThat(SpecValidator.judge(vxlan("10.244.0.0/16"), cluster.state()))
        .isEqualTo(
            Decision.refuse(
                "FamilyInUse",
                "ipv6CIDR fd00:10:244::/56 is gone from the spec, but pods on node n1 have IPv6"
                    + " addresses of it (n1 has podCIDR fd00:10:244:1::/64): flannel would no longer"
                    + " carry them",
                "set ipv6CIDR to fd00:10:244::/56 again. To give IPv6 up, take its range out of the"
                    + " controller-manager's --cluster-cidr and replace the nodes one by one, so that"
                    + " each registers without a podCIDR of it; the network can be changed after the"
                    + " last"));
    assertThat(
            SpecValidator.change(
                wanted("{ipv6CIDR: 'fd00:10:244::/56', backend: {type: host-gw}}"),
                cluster(leased(1)).running(both).state()))
        .as("cidr is gone")
        .extracting("reason")
        .isEqualTo("FamilyInUse");
    assertThat(
            SpecValidator.change(
                vxlan("10.244.0.0/16"), cluster(leased(1), leased(2)).running(both).state()))
        .as("no node has a podCIDR of it")
        .isInstanceOf(ChangeImpact.Live.class);
  }

  @Test
  void ipipIsNotForNodesThatPublishIpv6Alone() {
    Clusters cluster =
        cluster(
                leased(1),
                node("n2")
                    .podCidr("10.244.2.0/24")
                    .internalIp("192.168.0.2")
                    .flannel("kube-subnet-manager", "true")
                    .flannel("backend-type", "host-gw")
                    .flannel("public-ip", "0.0.0.0")
                    .flannel("public-ipv6", "fd01::2"))
            .running(wanted("{cidr: 10.244.0.0/16, backend: {type: host-gw}}"));
    assertThat(SpecValidator.change(ipip("10.244.0.0/16"), cluster.state()))
        .extracting("reason", "message")
        .containsExactly(
            "NodeWithoutIPv4",
            "flannel published an IPv6 address alone for node n2, and ipip carries IPv4 only");
    assertThat(SpecValidator.change(vxlan("10.244.0.0/16"), cluster.state()))
        .isInstanceOf(ChangeImpact.Live.class);
    assertThat(
            SpecValidator.judge(
                wanted("{cidr: 10.244.0.0/16, mtu: 1400, backend: {type: ipip}}"),
                cluster.running(ipip("10.244.0.0/16")).state()))
        .as("it is ipip already")
        .isEqualTo(Decision.accept());
  }
}
