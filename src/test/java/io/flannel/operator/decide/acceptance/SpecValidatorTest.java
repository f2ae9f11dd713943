package io.flannel.operator.decide.acceptance;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Networks.dualStack;
import static io.flannel.operator.flannel.Networks.ipip;
import static io.flannel.operator.flannel.Networks.ipv6Only;
import static io.flannel.operator.flannel.Networks.vxlan;
import static io.flannel.operator.flannel.Networks.wanted;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.Decision.Refuse;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.PodTemplate;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SpecValidatorTest {
  private static final DesiredNetwork IPIP = ipip("10.244.0.0/16");

  @Test
  void aNetworkThatFitsIsAccepted() {
    assertThat(
            SpecValidator.judge(
                IPIP,
                cluster(
                        node("n1").podCidr("10.244.1.0/24").internalIp("192.168.0.81"),
                        node("n2").podCidr("10.244.2.0/24").internalIp("192.168.0.82"))
                    .services("10.96.0.0/12", "fd00:10:96::/108")
                    .network("default", "2026-01-01T00:00:00Z")
                    .state()))
        .isEqualTo(Decision.accept());
  }

  @Test
  void podsThatOnlyTheOperatorMakesOtherwiseCutAsMuch() {
    assertThat(otherPods("backend: {type: wireguard}"))
        .hasValueSatisfying(
            refused ->
                assertThat(((Refuse) refused).message())
                    .contains("in nothing that the spec says", "removes its wireguard device"));
    assertThat(otherPods("backend: {type: wireguard}, rollout: {disruption: Allow}")).isEmpty();
    assertThat(otherPods("backend: {type: vxlan}")).isEmpty();
  }

  private static Optional<Decision> otherPods(String spec) {
    DesiredNetwork network = wanted("{cidr: 10.244.0.0/16, %s}".formatted(spec));
    ClusterState cluster =
        cluster(node("n1").podCidr("10.244.1.0/24").leased("wireguard", "192.168.0.1"))
            .running(network)
            .state();
    RolloutState course =
        RolloutState.of(
            Observation.of(network, cluster, Map.of(), Optional.empty(), Instant.EPOCH),
            new RolloutState.Target("another", ""));
    return SpecValidator.otherPods(network, cluster, course);
  }

  @Test
  void anEmptyClusterIsAccepted() {
    assertThat(SpecValidator.judge(IPIP, cluster().state())).isEqualTo(Decision.accept());
  }

  @Test
  void theOldestNetworkIsInCharge() {
    ClusterState two =
        cluster()
            .network("default", "2026-01-02T00:00:00Z")
            .network("older", "2026-01-01T00:00:00Z")
            .state();

    assertThat(SpecValidator.inCharge(IPIP, two)).isFalse();
    assertThat(SpecValidator.judge(IPIP, two))
        .isEqualTo(
            new Refuse(
                "AnotherNetworkInCharge",
                "FlannelNetwork 'older' is older and in charge: a cluster has one flannel network",
                "change 'older', or delete the one of the two that you don't want"));
    DesiredNetwork older =
        DesiredNetwork.of("older", Networks.spec("{cidr: 10.1.0.0/16, backend: {type: ipip}}"));
    assertThat(SpecValidator.inCharge(older, two)).isTrue();
    assertThat(SpecValidator.judge(older, two)).isEqualTo(Decision.accept());
  }

  @Test
  void firstByNameIsInChargeOfTwoOfTheSameAge() {
    ClusterState two =
        cluster()
            .network("default", "2026-01-01T00:00:00Z")
            .network("a", "2026-01-01T00:00:00Z")
            .state();
    assertThat(SpecValidator.inCharge(IPIP, two)).isFalse();
    assertThat(
            SpecValidator.inCharge(
                IPIP,
                cluster()
                    .network("e", "2026-01-01T00:00:00Z")
                    .network("default", "2026-01-01T00:00:00Z")
                    .state()))
        .isTrue();
  }

  @Test
  void theServiceRangeIsNotForPods() {
    assertThat(SpecValidator.judge(ipip("10.0.0.0/8"), cluster().services("10.96.0.0/12").state()))
        .isEqualTo(
            new Refuse(
                "OverlapsServiceRange",
                "10.0.0.0/8 overlaps the Service range 10.96.0.0/12 (ServiceCIDR 'kubernetes'):"
                    + " packets to those Services would be taken for packets to pods",
                "choose a range for pods outside 10.96.0.0/12; it must hold the nodes' podCIDRs"));
    assertThat(
            SpecValidator.judge(
                dualStack("10.244.0.0/16", "fd00:10::/32"),
                cluster().services("10.96.0.0/12", "fd00:10:96::/108").state()))
        .extracting(decision -> ((Refuse) decision).message())
        .asString()
        .startsWith("fd00:10::/32 overlaps the Service range fd00:10:96::/108 ");
  }

  @Test
  void aNodesOwnAddressIsNotForPods() {
    assertThat(
            SpecValidator.judge(
                ipip("192.168.0.0/16"), cluster(node("n1").internalIp("192.168.0.81")).state()))
        .isEqualTo(
            new Refuse(
                "OverlapsNodeAddress",
                "192.168.0.0/16 holds the address 192.168.0.81 of node n1: packets to that node"
                    + " would be sent into the overlay that needs the node's address to work",
                "choose a range for pods that holds no node's address"));
    assertThat(
            SpecValidator.judge(
                ipv6Only("fd00::/16"), cluster(node("n1").internalIp("fd00::81")).state()))
        .isInstanceOf(Refuse.class);
  }

  @Test
  void everyPodCidrMustBeInTheRange() {
    assertThat(
            SpecValidator.judge(
                IPIP,
                cluster(node("n1").podCidr("10.244.1.0/24"), node("n2").podCidr("10.1.2.0/24"))
                    .state()))
        .isEqualTo(
            new Refuse(
                "PodCIDROutside",
                "the podCIDR of node n2 is not in 10.244.0.0/16 (n2 has 10.1.2.0/24): flannel would"
                    + " exit there",
                "set cidr and ipv6CIDR to the controller-manager's --cluster-cidr, which the"
                    + " podCIDRs are taken from"));
  }

  @Test
  void manyPodCidrsOutsideAreOneRefusal() {
    assertThat(
            SpecValidator.judge(
                dualStack("10.244.0.0/16", "fd00::/56"),
                cluster(
                        node("n1").podCidr("10.244.1.0/24", "fd01::/64"),
                        node("n2").podCidr("10.244.2.0/24", "fd01:0:0:1::/64"))
                    .state()))
        .extracting(decision -> ((Refuse) decision).message())
        .isEqualTo(
            "the podCIDRs of nodes n1 and n2 are not in 10.244.0.0/16 and fd00::/56 (n1 has"
                + " 10.244.1.0/24 and fd01::/64): flannel would exit there");
  }

  @Test
  void aPodCidrWiderThanTheRangeIsOutside() {
    assertThat(SpecValidator.judge(IPIP, cluster(node("n1").podCidr("10.244.0.0/15")).state()))
        .isInstanceOf(Refuse.class);
  }

  @Test
  void nodesThatGetNoFlannelDoNotCount() {
    assertThat(
            SpecValidator.judge(
                IPIP,
                cluster(
                        node("w1").label("kubernetes.io/os", "windows").podCidr("10.1.1.0/24"),
                        node("w2").label("kubernetes.io/os", "windows").internalIp("fd01::2"))
                    .state()))
        .isEqualTo(Decision.accept());
  }

  @Test
  void aNodeWithoutPodCidrMayStillGetOne() {
    assertThat(SpecValidator.judge(IPIP, cluster(node("n1")).state())).isEqualTo(Decision.accept());
  }

  @Test
  void aPodCidrOfAFamilyThatTheNetworkDoesNotCarryIsNoMatter() {
    assertThat(
            SpecValidator.judge(
                IPIP, cluster(node("n1").podCidr("10.244.1.0/24", "fd01::/64")).state()))
        .isEqualTo(Decision.accept());
  }

  @Test
  void ipv4NeedsAnIpv4AddressOnEveryNode() {
    ClusterState cluster =
        cluster(
                node("n1").podCidr("10.244.1.0/24").internalIp("192.168.0.81", "fd01::81"),
                node("n2").podCidr("10.244.2.0/24").internalIp("fd01::82"))
            .state();
    String remedy =
        "give the node an IPv4 address, keep flannel off it by flannel.nodeSelector, or use an"
            + " IPv6-only network with vxlan, host-gw or wireguard";

    assertThat(SpecValidator.judge(IPIP, cluster))
        .isEqualTo(
            new Refuse(
                "NodeWithoutIPv4",
                "node n2 has no IPv4 address (fd01::82), and ipip carries IPv4 only",
                remedy));
    assertThat(SpecValidator.judge(vxlan("10.244.0.0/16"), cluster))
        .isEqualTo(
            new Refuse(
                "NodeWithoutIPv4",
                "node n2 has no IPv4 address (fd01::82), and the network's cidr needs one on every"
                    + " node",
                remedy));
    assertThat(SpecValidator.judge(ipv6Only("fd00::/56"), cluster)).isEqualTo(Decision.accept());
  }

  @Test
  void ipv4AddressIsThereWhereFlannelFoundOneOrTheKubeletNamedNone() {
    assertThat(
            SpecValidator.judge(
                IPIP,
                cluster(
                        node("n1").podCidr("10.244.1.0/24"),
                        node("n2")
                            .podCidr("10.244.2.0/24")
                            .internalIp("fd01::82")
                            .leased("ipip", "192.168.0.82"))
                    .network(new NetworkRef("default", Instant.EPOCH, true, false))
                    .state()))
        .isEqualTo(Decision.accept());
  }

  @Test
  void firstOfSeveralCausesIsNamed() {
    Clusters all =
        cluster(node("n1").podCidr("10.1.1.0/24").internalIp("10.244.0.1"))
            .services("10.244.0.0/24");
    assertThat(SpecValidator.judge(IPIP, all.state()))
        .extracting("reason")
        .isEqualTo("OverlapsServiceRange");
    assertThat(SpecValidator.judge(IPIP, all.foreign(Installs.found("manifest-v0.28")).state()))
        .extracting("reason")
        .isEqualTo("AdoptionDiffers");
    assertThat(SpecValidator.judge(IPIP, all.network("older", "2020-01-01T00:00:00Z").state()))
        .extracting("reason")
        .isEqualTo("AnotherNetworkInCharge");
  }

  @Test
  void configurationThatRunsAlreadyIsNotRefused() {
    Clusters bad =
        cluster(
                node("n1").podCidr("10.244.1.0/24").internalIp("10.244.0.1"),
                node("joined-outside").podCidr("10.1.2.0/24"),
                node("joined-without-ipv4").podCidr("10.244.3.0/24").internalIp("fd01::83"))
            .services("10.244.0.0/24");

    assertThat(SpecValidator.judge(IPIP, bad.running(IPIP).state())).isEqualTo(Decision.accept());
    assertThat(SpecValidator.judge(vxlan("10.244.0.0/16"), bad.running(IPIP).state()))
        .describedAs("nor a change that has nothing to do with it")
        .isEqualTo(Decision.accept());
  }

  @Test
  void runningConfigurationIsNotRefusedWhenItsConfigMapIsLost() {
    ClusterState lost =
        cluster(node("n1").podCidr("10.244.1.0/24").internalIp("10.244.0.1"))
            .services("10.244.0.0/24")
            .live(
                new LiveFlannel(
                    NetConf.of(IPIP).hash(),
                    Optional.empty(),
                    PodTemplate.of(IPIP),
                    new LiveFlannel.PodCounts(true, 1, 1, 1, 1),
                    RolloutAnnotations.NONE))
            .state();
    assertThat(SpecValidator.judge(IPIP, lost)).isEqualTo(Decision.accept());
  }

  @Test
  void aChangeOfRangeThatStrandsLeasesIsRefused() {
    assertThat(
            SpecValidator.judge(
                ipip("10.245.0.0/16"),
                cluster(node("n1").podCidr("10.244.1.0/24").leased("ipip", "192.168.0.81"))
                    .running(IPIP)
                    .state()))
        .extracting("reason")
        .isEqualTo("PodCIDROutside");
  }

  @Test
  void aWiderRangeThatTakesInTheServicesIsRefused() {
    assertThat(
            SpecValidator.judge(
                ipip("10.0.0.0/8"),
                cluster(node("n1").podCidr("10.244.1.0/24"))
                    .services("10.96.0.0/12")
                    .running(IPIP)
                    .state()))
        .extracting("reason")
        .isEqualTo("OverlapsServiceRange");
  }

  @Test
  void goingDualStackWithoutPodCidrsOfBothFamiliesIsRefused() {
    Clusters running =
        cluster(
                node("n1").podCidr("10.244.1.0/24", "fd00::/64").leased("vxlan", "192.168.0.81"),
                node("n2").podCidr("10.244.2.0/24").leased("vxlan", "192.168.0.82"),
                node("joining"))
            .running(vxlan("10.244.0.0/16"));

    assertThat(SpecValidator.judge(dualStack("10.244.0.0/16", "fd00::/56"), running.state()))
        .isEqualTo(
            new Refuse(
                "NoPodCIDR",
                "node n2 has no podCIDR for fd00::/56: a node that lacks one of the network's"
                    + " families is ignored by its peers and would be cut off",
                "give the controller-manager a --cluster-cidr of both families, then replace the"
                    + " nodes one by one, so that each registers with podCIDRs of both; the network"
                    + " can be changed after the last"));
    assertThat(
            SpecValidator.judge(
                dualStack("10.244.0.0/16", "fd00::/56"),
                running.running(dualStack("10.244.0.0/16", "fd00::/56")).state()))
        .describedAs("but not what runs already")
        .isEqualTo(Decision.accept());
  }

  @Test
  void aBackendMayChangeOnARunningNetwork() {
    assertThat(
            SpecValidator.judge(
                wanted("{cidr: 10.244.0.0/16, backend: {type: host-gw}}"),
                cluster(
                        node("n1")
                            .podCidr("10.244.1.0/24")
                            .internalIp("192.168.0.81")
                            .leased("ipip", "192.168.0.81"))
                    .running(IPIP)
                    .state()))
        .isEqualTo(Decision.accept());
  }
}
