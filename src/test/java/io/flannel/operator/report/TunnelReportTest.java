package io.flannel.operator.report;

import static io.flannel.operator.flannel.Networks.ipip;
import static io.flannel.operator.flannel.Networks.unmeasured;
import static io.flannel.operator.flannel.Networks.vxlan;
import static io.flannel.operator.flannel.Networks.wanted;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.Finding;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.nodespec.NodeSpecs;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Nodes;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How measured tunnels are reported. */
class TunnelReportTest {
  private static final DesiredNetwork IPIP = ipip("10.244.0.0/16");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @Test
  void anInstallationIsReadyWhenTheAgentsHaveReported() {
    StatusScenario life = new StatusScenario(IPIP).nodes(nodes(3, "ipip")).runs(IPIP, 3);
    assertThat(life.report()).containsExactly("Normal Accepted", "Normal RolloutComplete");
    assertThat(life.says()).isEqualTo("Accepted Reconciling: TunnelsUnknown");
    assertThat(life.condition("TunnelsHealthy"))
        .extracting(StatusCondition::status, StatusCondition::reason, StatusCondition::message)
        .containsExactly(
            Status.UNKNOWN,
            "TunnelsUnknown",
            "whether packets pass is not known of 3 of 3 nodes: n1, n2 and n3");
    assertThat(life.status().nodes())
        .extracting(NodeStatus::tunnel, NodeStatus::reason)
        .containsOnly(tuple(Tunnel.UNKNOWN, "NotReported"));
    assertThat(life.status().problems()).describedAs("they are not late yet").isNull();

    life.after(MINUTE).reports(reports(3, (node, peer) -> passes(peer)));
    assertThat(life.report()).containsExactly("Normal TunnelsHealthy", "Normal Ready");
    assertThat(life.says()).isEqualTo("Accepted Ready TunnelsHealthy: AllNodesLeased");
    assertThat(life.status().summary()).isEqualTo(new Summary(3, 3, 3, 0, 0, 0));
    assertThat(life.status().nodes())
        .first()
        .isEqualTo(
            new NodeStatus(
                "n1",
                true,
                "10.244.1.0/24",
                null,
                "192.168.0.1",
                "ipip",
                "flannel.ipip",
                1480,
                Tunnel.HEALTHY,
                null,
                "0.41ms",
                "1.2ms",
                "2/2",
                null));
  }

  @Test
  void agentsThatNeverReportAreAProblem() {
    StatusScenario life = new StatusScenario(IPIP).nodes(nodes(2, "ipip")).runs(IPIP, 2);
    AgentReport late = new AgentReport.Awaited(Duration.ofMinutes(3));
    life.reports(Map.of("n1", late, "n2", late));
    assertThat(life.report())
        .containsExactly("Normal Accepted", "Normal RolloutComplete", "Warning NotReported");
    assertThat(life.says()).isEqualTo("Accepted: TunnelsUnknown");
    assertThat(problem(life).message())
        .isEqualTo("nodes n1 and n2: each has a node agent that has not reported yet");
  }

  @Test
  void aNodeThatLosesItsPeersIsNamedWithWhatToDo() {
    StatusScenario life = running(4);
    life.after(MINUTE)
        .reports(reports(4, (node, peer) -> node == 2 || peer == 2 ? blocked(peer) : passes(peer)));
    assertThat(life.report())
        .containsExactly(
            "Warning EncapsulationBlocked", "Warning TunnelsUnhealthy", "Warning NotReady");
    assertThat(life.says()).isEqualTo("Accepted: TunnelsUnhealthy");
    assertThat(life.condition("Ready").message())
        .isEqualTo(
            "something is wrong with the tunnels of 1 of 4 nodes: n2; problems names the causes");
    assertThat(problem(life))
        .isEqualTo(
            new Problem(
                "EncapsulationBlocked",
                "node n2 exchanges no packets with its peers through its tunnel, though node"
                    + " addresses answer and nothing is wrong on the nodes",
                List.of("n2"),
                "2026-11-23T10:01:00Z",
                "let IP protocol 4 (IP in IP) pass between all nodes, both ways: look at firewalls"
                    + " on the nodes and at the cloud's security groups"));
    assertThat(life.status().nodes())
        .extracting(NodeStatus::name, NodeStatus::tunnel, NodeStatus::peersReachable)
        .containsExactly(
            tuple("n2", Tunnel.DOWN, "0/3"),
            tuple("n1", Tunnel.HEALTHY, "2/3"),
            tuple("n3", Tunnel.HEALTHY, "2/3"),
            tuple("n4", Tunnel.HEALTHY, "2/3"));
    assertThat(life.status().nodes().getFirst().since()).isEqualTo("2026-11-23T10:01:00Z");

    assertThat(life.after(MINUTE).report()).isEmpty();
    life.reports(reports(4, (node, peer) -> passes(peer)));
    assertThat(life.report())
        .containsExactly("Normal ProblemSolved", "Normal TunnelsHealthy", "Normal Ready");
  }

  @Test
  void aPairIsNamedAsAPairAndPairsWithOneCauseTogether() {
    StatusScenario life = running(6);
    life.reports(
        reports(
            6,
            (node, peer) -> node + peer == 3 || node * peer == 30 ? blocked(peer) : passes(peer)));
    assertThat(life.report()).startsWith("Warning EncapsulationBlocked");
    assertThat(problem(life).message())
        .isEqualTo(
            "between n1 and n2, between n5 and n6: no packet passes through the tunnel, though the"
                + " node addresses answer and nothing is wrong on the nodes");
    assertThat(problem(life).nodes()).containsExactly("n1", "n2", "n5", "n6");
    assertThat(life.status().summary()).isEqualTo(new Summary(6, 6, 2, 4, 0, 0));
  }

  @Test
  void agentsFindingIsToldInItsWords() {
    StatusScenario life = running(3);
    Map<String, AgentReport> reports = reports(3, (node, peer) -> passes(peer));
    reports.put(
        "n1",
        report(
            3,
            1,
            (node, peer) -> passes(peer),
            List.of(
                finding(NodeFault.ROUTE_MISSING, "no route to 10.244.2.0/24", "n2"),
                finding(NodeFault.ROUTE_MISSING, "no route to 10.244.3.0/24", "n3"))));
    life.reports(reports);
    assertThat(life.report()).startsWith("Warning RouteMissing");
    assertThat(problem(life).message())
        .isEqualTo(
            "node n1 (toward n2 and n3) lacks the route to a peer's pods; n1 says: no route to"
                + " 10.244.2.0/24");
    assertThat(life.status().nodes().getFirst())
        .extracting(NodeStatus::name, NodeStatus::tunnel, NodeStatus::reason)
        .containsExactly("n1", Tunnel.DEGRADED, "RouteMissing");
  }

  @Test
  void theRemedyNamesWhatTheBackendSends() {
    for (var each :
        Map.of(
                "{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: {port: 4789}}}",
                "let UDP port 4789 pass between",
                "{cidr: 10.244.0.0/16, backend: {type: wireguard}}",
                "let UDP ports 51820 and 51821 pass between",
                "{cidr: 10.244.0.0/16, backend: {type: host-gw}}",
                "let pass between all nodes packets from and to the pods' addresses")
            .entrySet()) {
      DesiredNetwork network = wanted(each.getKey());
      StatusScenario life = new StatusScenario(network);
      life.nodes(nodes(2, network.backend().type().wireName())).runs(network, 2);
      life.reports(reports(2, (node, peer) -> blocked(peer)));
      life.report();
      assertThat(problem(life).remedy()).startsWith(each.getValue());
    }
  }

  @Test
  void readyDoesNotDependOnTunnelsThatNothingMeasures() {
    DesiredNetwork network = unmeasured("ipip", "10.244.0.0/16");
    StatusScenario life = new StatusScenario(network).nodes(nodes(2, "ipip")).runs(network, 2);
    life.reports(reports(2, (node, peer) -> blocked(peer)));
    assertThat(life.report())
        .containsExactly("Normal Accepted", "Normal RolloutComplete", "Normal Ready");
    assertThat(life.condition("TunnelsHealthy"))
        .extracting(StatusCondition::status, StatusCondition::reason)
        .containsExactly(Status.UNKNOWN, "NotMeasured");
    assertThat(life.status().summary()).isEqualTo(new Summary(2, 2, null, null, null, 2));
  }

  @Test
  void aChangeOfTheBackendTellsOfTunnelsOnlyOfNodesThatHaveALease() {
    DesiredNetwork other = vxlan("10.244.0.0/16");
    StatusScenario life = running(2).after(MINUTE).wants(other);
    life.nodes(nodes(2, "ipip")).runs(other, 2).report();
    assertThat(life.status().nodes())
        .extracting(NodeStatus::tunnel, NodeStatus::reason)
        .containsOnly(tuple(Tunnel.UNKNOWN, "OtherBackend"));
  }

  @Test
  void roundTripTimesAreNotWrittenAnewForNoise() {
    StatusScenario life = running(2);
    var before = life.status();
    life.reports(reports(2, (node, peer) -> passes(peer, 480, 1290)));
    assertThat(life.next()).isEqualTo(before);
    life.reports(reports(2, (node, peer) -> passes(peer, 600, 1290)));
    assertThat(life.report()).isEmpty();
    assertThat(life.status().nodes())
        .extracting(NodeStatus::rttP50, NodeStatus::rttP99)
        .containsOnly(tuple("0.6ms", "1.2ms"));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0ms",
    "7, 0.007ms",
    "37, 0.037ms",
    "412, 0.41ms",
    "999, 1ms",
    "1234, 1.2ms",
    "12345, 12ms",
    "123456, 120ms",
    "1000000, 1000ms"
  })
  void roundTripTimesHaveTwoDigits(int micros, String said) {
    assertThat(RoundTripTime.said(Optional.of(micros), null)).isEqualTo(said);
    assertThat(RoundTripTime.said(Optional.of(micros), "junk")).isEqualTo(said);
    assertThat(RoundTripTime.said(Optional.of(micros), said))
        .describedAs("said again")
        .isEqualTo(said);
  }

  /** Returns nodes n1, n2 and so on, all healthy since 10:00. */
  private static StatusScenario running(int size) {
    StatusScenario life = new StatusScenario(IPIP).nodes(nodes(size, "ipip")).runs(IPIP, size);
    life.reports(reports(size, (node, peer) -> passes(peer)));
    life.report();
    return life;
  }

  private static Nodes[] nodes(int size, String backend) {
    return IntStream.rangeClosed(1, size)
        .mapToObj(
            i ->
                node("n" + i)
                    .podCidr("10.244.%d.0/24".formatted(i))
                    .internalIp("192.168.0." + i)
                    .leased(backend, "192.168.0." + i))
        .toArray(Nodes[]::new);
  }

  private static Map<String, AgentReport> reports(
      int size, BiFunction<Integer, Integer, PeerReport> sees) {
    Map<String, AgentReport> reports = new TreeMap<>();
    for (int i = 1; i <= size; i++) {
      reports.put("n" + i, report(size, i, sees, List.of()));
    }
    return reports;
  }

  private static AgentReport report(
      int size, int node, BiFunction<Integer, Integer, PeerReport> sees, List<Finding> findings) {
    FlannelNodeSpec spec =
        NodeSpecs.of(IPIP, state(size), NodeLease.judge(IPIP, state(size)), Map.of())
            .get("n" + node);
    List<PeerReport> peers =
        IntStream.rangeClosed(1, size)
            .filter(peer -> peer != node)
            .mapToObj(peer -> sees.apply(node, peer))
            .toList();
    return AgentReport.read(
        1,
        Objects.requireNonNull(spec),
        new FlannelNodeStatus(
            1L,
            "2026-11-23T10:00:00Z",
            "test",
            null,
            null,
            null,
            new FlannelNodeStatus.Device("flannel.ipip", "ipip", true, 1480, null),
            null,
            null,
            null,
            findings,
            peers),
        Duration.ofSeconds(20));
  }

  private static ClusterState state(int size) {
    return Clusters.cluster(Nodes.list(nodes(size, "ipip"))).state();
  }

  private static PeerReport passes(int peer) {
    return passes(peer, 412, 1234);
  }

  private static PeerReport passes(int peer, int p50, int p99) {
    return new PeerReport(
        "n" + peer,
        null,
        true,
        true,
        true,
        null,
        null,
        null,
        0,
        p50,
        p99,
        "2026-11-23T09:00:00Z",
        null);
  }

  private static PeerReport blocked(int peer) {
    return new PeerReport(
        "n" + peer,
        null,
        false,
        false,
        true,
        null,
        true,
        null,
        100,
        null,
        null,
        "2026-11-23T09:59:00Z",
        null);
  }

  private static Finding finding(NodeFault fault, String seen, String peer) {
    return new Finding(fault.reason(), seen, peer);
  }

  private static Problem problem(StatusScenario life) {
    return Objects.requireNonNull(life.status().problems()).getFirst();
  }
}
