package io.flannel.operator.decide.nodespec;

import static io.flannel.operator.api.FlannelNodeSpecBuilder.nodeSpec;
import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Networks.hostGw;
import static io.flannel.operator.flannel.Networks.ipip;
import static io.flannel.operator.flannel.Networks.vxlan;
import static io.flannel.operator.flannel.Networks.wanted;
import static io.flannel.operator.flannel.Nodes.node;
import static io.flannel.operator.flannel.live.FlannelPodBuilder.podOn;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeSpec.Peer;
import io.flannel.operator.api.FlannelNodeSpec.Probe;
import io.flannel.operator.api.FlannelNodeSpec.Vxlan;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;

class NodeSpecsTest {
  private static final DesiredNetwork VXLAN = vxlan("10.244.0.0/16");

  @Test
  void aVxlanNodeInFull() {
    assertThat(plan(VXLAN, leased(1, "vxlan"), leased(2, "vxlan")).get("n1"))
        .isEqualTo(
            nodeSpec(BackendType.VXLAN)
                .device("flannel.1")
                .directRouting(false)
                .vxlan(new Vxlan(1, 8472))
                .cidr("10.244.0.0/16")
                .subnet("10.244.1.0/24")
                .publicIp("192.168.0.1")
                .probe(new Probe("2s", 3, 8473))
                .peers(
                    List.of(
                        new Peer(
                            "n2",
                            "192.168.0.2",
                            "10.244.2.0",
                            "10.244.2.0/24",
                            "12:c6:65:89:b4:02",
                            null)))
                .get());
  }

  @Test
  void anIpipNodeHasNoVxlanAndItsPeersNoMac() {
    FlannelNodeSpec spec =
        plan(
                wanted(
                    "{cidr: 10.244.0.0/16, backend: {type: ipip, directRouting: true}, mtu: 1400,"
                        + " health: {interval: 1500ms, failAfter: 5, port: 9000}}"),
                leased(1, "ipip"),
                leased(2, "ipip"))
            .get("n2");
    assertThat(spec)
        .extracting(
            FlannelNodeSpec::device,
            FlannelNodeSpec::directRouting,
            FlannelNodeSpec::vxlan,
            FlannelNodeSpec::mtu,
            FlannelNodeSpec::probe)
        .containsExactly("flannel.ipip", true, null, 1400, new Probe("1500ms", 5, 9000));
    assertThat(spec.peers())
        .containsExactly(new Peer("n1", "192.168.0.1", "10.244.1.0", "10.244.1.0/24", null, null));
  }

  @Test
  void hostGwPeersBridgeIsProbedOnceItIsReportedAndInThePeersSubnet() {
    DesiredNetwork network = hostGw("10.244.0.0/16");
    Nodes[] nodes = {leased(1, "host-gw"), leased(2, "host-gw"), leased(3, "host-gw")};
    FlannelNodeSpec spec =
        NodeSpecs.of(
                network,
                cluster(nodes).running(network).state(),
                NodeLease.judge(network, cluster(nodes).running(network).state()),
                Map.of("n2", bridge("10.244.2.1"), "n3", bridge("10.244.9.1")))
            .get("n1");
    assertThat(spec.device()).isNull();
    assertThat(spec.directRouting()).isNull();
    assertThat(spec.peers())
        .extracting(Peer::name, Peer::overlayAddress)
        .containsExactly(tuple("n2", "10.244.2.1"), tuple("n3", null));
  }

  @Test
  void dualStackIsProbedByIpv4AndASingleFamilyByItself() {
    DesiredNetwork both =
        wanted("{cidr: 10.244.0.0/16, ipv6CIDR: 'fd00::/56', backend: {type: vxlan}}");
    Nodes[] nodes = {dual(1), dual(2)};
    FlannelNodeSpec spec = plan(both, nodes).get("n1");
    assertThat(spec)
        .extracting(
            FlannelNodeSpec::cidr,
            FlannelNodeSpec::ipv6CIDR,
            FlannelNodeSpec::subnet,
            FlannelNodeSpec::ipv6Subnet,
            FlannelNodeSpec::device)
        .containsExactly(
            "10.244.0.0/16", "fd00::/56", "10.244.1.0/24", "fd00:0:0:1::/64", "flannel.1");
    assertThat(spec.peers().getFirst().overlayAddress()).isEqualTo("10.244.2.0");

    DesiredNetwork six = wanted("{ipv6CIDR: 'fd00::/56', backend: {type: vxlan}}");
    spec = plan(six, nodes).get("n1");
    assertThat(spec)
        .extracting(FlannelNodeSpec::subnet, FlannelNodeSpec::device, FlannelNodeSpec::publicIP)
        .containsExactly(null, "flannel-v6.1", "fd01::1");
    assertThat(spec.peers())
        .containsExactly(
            new Peer("n2", "fd01::2", "fd00:0:0:2::", null, "12:c6:65:89:b4:06", null));
  }

  @Test
  void nodeWithoutAValidLeaseIsNobodysPeerAndProbesNobody() {
    SortedMap<String, FlannelNodeSpec> specs =
        plan(
            VXLAN,
            leased(1, "vxlan"),
            leased(2, "vxlan"),
            node("new").podCidr("10.244.3.0/24"),
            node("outside").podCidr("10.9.0.0/24"));
    assertThat(specs).containsOnlyKeys("n1", "n2", "new", "outside");
    assertThat(specs.get("n1").peers()).extracting(Peer::name).containsExactly("n2");
    assertThat(specs.get("n1").allPeers()).isFalse();
    assertThat(specs.get("new").peers()).isEmpty();
    assertThat(specs.get("new").subnet()).isEqualTo("10.244.3.0/24");
    assertThat(specs.get("new").publicIP()).isNull();
    assertThat(specs.get("outside").subnet()).isNull();
  }

  @Test
  void aChangeThatIsRefusedOrPausedChangesNothing() {
    var state = cluster(leased(1, "vxlan"), leased(2, "vxlan")).running(VXLAN).state();
    List<NodeLease> leases = NodeLease.judge(VXLAN, state);
    assertThat(NodeSpecs.of(ipip("10.245.0.0/16"), state, leases, Map.of()))
        .isEqualTo(NodeSpecs.of(VXLAN, state, leases, Map.of()));
    DesiredNetwork other =
        wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: {vni: 7, port: 4789}}}");
    state = cluster(leased(1, "vxlan")).running(other).state();
    assertThat(NodeSpecs.of(VXLAN, state, leases, Map.of()).get("n1"))
        .extracting(FlannelNodeSpec::device, FlannelNodeSpec::vxlan)
        .containsExactly("flannel.7", new Vxlan(7, 4789));
  }

  @Test
  void nodesThatADisruptiveChangeCutsApartAreNotProbedThroughTheOverlay() {
    assertThat(overlaysSeenFromFirst(true)).containsExactly("10.244.2.0", null, null);
    assertThat(overlaysSeenFromFirst(false))
        .containsExactly("10.244.2.0", "10.244.3.0", "10.244.4.0");
  }

  @Test
  void nodeThatBootedDuringTheChangeIsNotProbedThroughAnotherBackendsOverlay() {
    assertThat(overlaysSeenFromAFirstThatBooted("2026-11-23T09:00:00Z"))
        .containsExactly("10.244.2.0", "10.244.3.0");
    assertThat(overlaysSeenFromAFirstThatBooted("2026-11-23T11:00:00Z"))
        .containsExactly("10.244.2.0", null);
  }

  /** The change of 10:00 has moved n1 and n2 from ipip to vxlan, but not n3 yet. */
  private static List<String> overlaysSeenFromAFirstThatBooted(String at) {
    LiveFlannel live = Networks.live(VXLAN, 3);
    RolloutAnnotations marks =
        new RolloutAnnotations(
            "new",
            Optional.of(Instant.parse("2026-11-23T10:00:00Z")),
            Optional.of("old"),
            Set.of(),
            Optional.empty());
    var state =
        Clusters.cluster(
                List.of(
                    leased(1, "vxlan").get().bootedAt(at),
                    leased(2, "vxlan").get(),
                    leased(3, "ipip").get()))
            .live(
                new LiveFlannel(
                    live.configHash(), live.config(), live.template(), live.pods(), marks))
            .pods(
                new FlannelPods(
                    List.of(
                        pod("n1", "new", "vxlan"),
                        pod("n2", "new", "vxlan"),
                        pod("n3", "old", "ipip")),
                    Map.of("vxlan", config("vxlan"), "ipip", config("ipip"))))
            .state();
    return overlaysSeenFromFirst(state);
  }

  private static AppliedConfig config(String backend) {
    return AppliedConfig.read(
            "{\"Network\": \"10.244.0.0/16\", \"Backend\": {\"Type\": \"%s\"}}".formatted(backend),
            "{}")
        .orElseThrow();
  }

  /** n1 and n2 have changed, n3 has not, and n4 is changing: it has no pod. */
  private static List<String> overlaysSeenFromFirst(boolean cuts) {
    LiveFlannel live = Networks.live(VXLAN, 4);
    RolloutAnnotations marks =
        new RolloutAnnotations(
            "new", Optional.empty(), Optional.of("old"), Set.of(), Optional.empty(), cuts);
    var state =
        cluster(leased(1, "vxlan"), leased(2, "vxlan"), leased(3, "vxlan"), leased(4, "vxlan"))
            .live(
                new LiveFlannel(
                    live.configHash(), live.config(), live.template(), live.pods(), marks))
            .pods(
                new FlannelPods(
                    List.of(pod("n1", "new"), pod("n2", "new"), pod("n3", "old")), Map.of()))
            .state();
    return overlaysSeenFromFirst(state);
  }

  private static List<String> overlaysSeenFromFirst(ClusterState state) {
    return NodeSpecs.of(VXLAN, state, NodeLease.judge(VXLAN, state), Map.of())
        .get("n1")
        .peers()
        .stream()
        .map(Peer::overlayAddress)
        .toList();
  }

  private static FlannelPod pod(String node, String revision) {
    return pod(node, revision, "hash");
  }

  private static FlannelPod pod(String node, String revision, String config) {
    return podOn(node).revision(revision).configHash(config).gateOpen().get();
  }

  @Test
  void nothingIsProbedWhereHealthIsNotMeasured() {
    DesiredNetwork network =
        wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan}, health: {enabled: false}}");
    assertThat(plan(network, leased(1, "vxlan")).get("n1").probe()).isNull();
  }

  @Test
  void beyond64NodesTheListIsNotAll() {
    Nodes[] nodes = new Nodes[65];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = leased(i + 1, "vxlan");
    }
    FlannelNodeSpec spec = plan(VXLAN, nodes).get("n1");
    assertThat(spec.peers()).hasSize(16);
    assertThat(spec.allPeers()).isFalse();
  }

  @Test
  void whatNoDeviceHasIsLeftOut() {
    assertThat(specWith("{\"Type\": \"vxlan\", \"VNI\": 10000000, \"Port\": 4789, \"MTU\": 1500}"))
        .extracting(FlannelNodeSpec::device, FlannelNodeSpec::vxlan, FlannelNodeSpec::mtu)
        .containsExactly(null, new Vxlan(10_000_000, 4789), 1450);
    for (String backend :
        List.of(
            "{\"Type\": \"vxlan\", \"VNI\": -1, \"MTU\": 100}",
            "{\"Type\": \"vxlan\", \"VNI\": 16777216, \"MTU\": 2147483647}",
            "{\"Type\": \"vxlan\", \"Port\": 70000, \"MTU\": 625}",
            "{\"Type\": \"vxlan\", \"Port\": -1, \"MTU\": 65506}")) {
      assertThat(specWith(backend))
          .as(backend)
          .extracting(FlannelNodeSpec::vxlan, FlannelNodeSpec::mtu)
          .containsExactly(null, null);
    }
  }

  /** Returns n1's spec where this backend is in force. */
  private static FlannelNodeSpec specWith(String backend) {
    AppliedConfig config =
        AppliedConfig.read(
                "{\"Network\": \"10.244.0.0/16\", \"Backend\": %s}".formatted(backend), "{}")
            .orElseThrow();
    ClusterState state =
        cluster(leased(1, "vxlan"), leased(2, "vxlan"))
            .running(VXLAN)
            .pods(
                new FlannelPods(
                    List.of(pod("n1", "r", "c"), pod("n2", "r", "c")), Map.of("c", config)))
            .state();
    return NodeSpecs.of(VXLAN, state, NodeLease.judge(VXLAN, state), Map.of()).get("n1");
  }

  private static AgentReport bridge(String address) {
    return new AgentReport.Received(
        Duration.ZERO,
        Optional.empty(),
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.of(Cidr.ofAddress(address)),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of());
  }

  private static SortedMap<String, FlannelNodeSpec> plan(DesiredNetwork network, Nodes... nodes) {
    ClusterState state = cluster(nodes).running(network).state();
    return NodeSpecs.of(network, state, NodeLease.judge(network, state), Map.of());
  }

  private static Nodes leased(int number, String backend) {
    return node("n" + number)
        .podCidr("10.244.%d.0/24".formatted(number))
        .leased(backend, "192.168.0." + number)
        .flannel(
            "backend-data", "{\"VNI\":1,\"VtepMAC\":\"12:c6:65:89:b4:%02x\"}".formatted(number));
  }

  private static Nodes dual(int number) {
    return node("n" + number)
        .podCidr("10.244.%d.0/24".formatted(number), "fd00:0:0:%d::/64".formatted(number))
        .leased("vxlan", "192.168.0." + number, "fd01::" + number)
        .flannel(
            "backend-data", "{\"VNI\":1,\"VtepMAC\":\"12:c6:65:89:b4:%02x\"}".formatted(number))
        .flannel(
            "backend-v6-data",
            "{\"VNI\":1,\"VtepMAC\":\"12:c6:65:89:b4:%02x\"}".formatted(number + 4));
  }
}
