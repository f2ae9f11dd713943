package io.flannel.operator.decide.leftover;

import static io.flannel.operator.flannel.Nodes.node;
import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.TunnelScenario;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.nodespec.NodeSpecs;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeftOverRemovalTest {
  private static final DesiredNetwork IPIP = Networks.ipip("10.0.0.0/8");

  @Test
  void removalIsWhereSomethingIsLeftWhenAllHaveMoved() {
    var lab = lab(3).finds("n0001", NodeFault.LEFT_OVERS, null);
    LeftOverRemoval removal = removal(lab, done(3));
    assertThat(removal.underWay()).isFalse();
    assertThat(orders(removal))
        .isEqualTo(
            Map.of(
                "n0001",
                new LeftOverTask(
                    List.of("flannel.ipip"),
                    List.of(
                        new LeftOverTask.Range(
                            "10.0.0.0/8",
                            "10.0.1.0/24",
                            List.of("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"),
                            true,
                            null)),
                    List.of())));
  }

  @Test
  void aNodeThatTheSelectorLeavesOutKeepsItsWayAsLongAsItHasALease() {
    DesiredNetwork some =
        Networks.wanted(
            "{cidr: 10.0.0.0/8, backend: {type: ipip}, flannel: {nodeSelector: {pool: a}}}");
    List<ClusterNode> nodes =
        IntStream.range(0, 3)
            .mapToObj(
                i ->
                    node(TunnelScenario.name(i))
                        .label("pool", i == 2 ? "b" : "a")
                        .podCidr("10.0.%d.0/24".formatted(i))
                        .internalIp("192.168.0.%d".formatted(i + 1))
                        .leased(i == 2 ? "vxlan" : "ipip", "192.168.0.%d".formatted(i + 1))
                        .get())
            .toList();
    ClusterState cluster = Clusters.cluster(nodes).live(Networks.live(some, done(2))).state();
    List<NodeLease> leases = NodeLease.judge(some, cluster);
    assertThat(leases).hasSize(2);
    var lab = new TunnelScenario(nodes.subList(0, 2)).finds("n0001", NodeFault.LEFT_OVERS, null);
    LeftOverRemoval removal = LeftOverRemoval.of(seen(some, cluster, lab), Map.of());
    assertThat(order(removal, "n0001").ranges().getFirst().live())
        .containsExactlyInAnyOrder("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24");
    assertThat(NodeSpecs.of(some, cluster, leases, lab.reports()).get("n0001").allPeers())
        .isFalse();
  }

  @Test
  void aStaleRouteIsReasonEnoughThoughItsNodeIsNotHealthyForIt() {
    var lab = lab(3).finds("n0002", NodeFault.ROUTE_STALE, null);
    assertThat(orders(removal(lab, done(3)))).containsOnlyKeys("n0002");
  }

  @Test
  void removalWaitsWhileANodeIsYetToMove() {
    var lab = lab(3).finds("n0001", NodeFault.LEFT_OVERS, null);
    for (var pods :
        List.of(
            new LiveFlannel.PodCounts(true, 3, 3, 2, 3),
            new LiveFlannel.PodCounts(true, 3, 3, 3, 2),
            new LiveFlannel.PodCounts(false, 3, 3, 3, 3))) {
      LeftOverRemoval removal = removal(lab, pods);
      assertThat(orders(removal)).isEmpty();
      assertThat(removal.underWay()).isTrue();
      assertThat(faults(removal.told(lab.reports(), Map.of()), "n0001")).isEmpty();
    }
  }

  @Test
  void removalWaitsWhileANodePublishesAnotherBackend() {
    List<ClusterNode> nodes =
        IntStream.range(0, 3)
            .mapToObj(
                i ->
                    node(TunnelScenario.name(i))
                        .podCidr("10.0.%d.0/24".formatted(i))
                        .internalIp("192.168.0.%d".formatted(i + 1))
                        .leased(i == 2 ? "vxlan" : "ipip", "192.168.0.%d".formatted(i + 1))
                        .get())
            .toList();
    var lab = new TunnelScenario(nodes).finds("n0001", NodeFault.LEFT_OVERS, null);
    ClusterState cluster = Clusters.cluster(nodes).live(Networks.live(IPIP, done(3))).state();
    LeftOverRemoval removal = LeftOverRemoval.of(seen(IPIP, cluster, lab), Map.of());
    assertThat(orders(removal)).isEmpty();
    assertThat(removal.underWay()).isTrue();
  }

  @Test
  void removalWaitsWhileATunnelIsIllAndThatIsTold() {
    var lab = lab(4).finds("n0001", NodeFault.LEFT_OVERS, null).blocked("n0003");
    LeftOverRemoval removal = removal(lab, done(4));
    assertThat(orders(removal)).isEmpty();
    assertThat(faults(removal.told(lab.reports(), Map.of()), "n0001"))
        .containsExactly(NodeFault.LEFT_OVERS);
  }

  /**
   * Left-over routes divert packets from wireguard's one route: they may be why tunnels are ill.
   */
  @Test
  void removalDoesNotWaitForTheTunnelsOfWireguard() {
    var lab = lab(4).finds("n0001", NodeFault.LEFT_OVERS, null).blocked("n0003");
    DesiredNetwork wireguard = Networks.unmeasured("wireguard", "10.244.0.0/16");
    var rolling = new LiveFlannel.PodCounts(true, 4, 4, 3, 4);
    LeftOverRemoval removal = removal(wireguard, lab, done(4), Map.of());
    assertThat(orders(removal)).containsOnlyKeys("n0001");
    assertThat(removal.tasks().diverted()).isTrue();
    assertThat(removal(wireguard, lab, rolling, Map.of()).tasks().nodes()).isEmpty();
    assertThat(
            removal(lab(1).finds("n0001", NodeFault.LEFT_OVERS, null), done(1)).tasks().diverted())
        .isFalse();
  }

  @Test
  void anotherFaultOfTheSameNodeWithholdsIt() {
    var lab =
        lab(3)
            .finds("n0001", NodeFault.LEFT_OVERS, null)
            .finds("n0001", NodeFault.IP_FORWARDING_OFF, null);
    assertThat(orders(removal(lab, done(3)))).isEmpty();
  }

  @Test
  void leftOverInRemovalIsToldOnlyIfThatFails() {
    var lab = lab(3).finds("n0001", NodeFault.LEFT_OVERS, null);
    LeftOverRemoval removal = removal(lab, done(3));
    assertThat(faults(removal.told(lab.reports(), Map.of()), "n0001")).isEmpty();
    var told = removal.told(lab.reports(), Map.of("n0001", "ip route del failed"));
    assertThat(((AgentReport.Received) told.get("n0001")).findings())
        .extracting(AgentReport.Finding::seen)
        .containsExactly("the task that removes them: ip route del failed. seen on n0001");
    assertThat(faults(removal.postponed(false).told(lab.reports(), Map.of()), "n0001"))
        .containsExactly(NodeFault.LEFT_OVERS);
    assertThat(faults(removal.postponed(true).told(lab.reports(), Map.of()), "n0001")).isEmpty();
  }

  @Test
  void nodesAreNotNamedWhenTheyAreTooMany() {
    var lab = lab(9000).finds("n0001", NodeFault.LEFT_OVERS, null);
    LeftOverTask.Range range = order(removal(lab, done(9000)), "n0001").ranges().getFirst();
    assertThat(range.complete()).isFalse();
    assertThat(range.live()).isEmpty();
  }

  @Test
  void aRangeThatAStepFoundIsNamedIfNoNodeHasIt() {
    var lab = lab(3).finds("n0001", NodeFault.ROUTE_STALE, null);
    TaskResult first =
        LeftOversFound.of(List.of("10.0.9.0/24", "10.0.2.0/24")).in(TaskResult.done("removed"));
    LeftOverTask second = order(lab, Optional.empty(), TaskResult.read(first.message()));
    // 10.0.2.0/24 belongs to a node that joined while the task ran.
    assertThat(second.gone()).containsExactly("10.0.9.0/24");

    // The order stays the same until the agent reports nothing more: there is no third task.
    var running = order(lab, Optional.of(second.json()), Optional.empty());
    var ended = order(lab, Optional.of(second.json()), Optional.of(TaskResult.done("removed")));
    assertThat(List.of(running, ended)).containsOnly(second);
  }

  @Test
  void invalidOrderAndResultSayNothing() {
    var lab = lab(3).finds("n0001", NodeFault.ROUTE_STALE, null);
    Optional<TaskResult> result =
        TaskResult.read("{\"done\": true, \"said\": \"\", \"more\": [7, {\"gone\": \"?\"}]}");
    assertThat(result).isPresent();
    assertThat(order(lab, Optional.of("{"), result).gone()).isEmpty();
  }

  private static LeftOverTask order(
      TunnelScenario lab, Optional<String> told, Optional<TaskResult> result) {
    Set<Cidr> named = told.map(LeftOversFound::named).orElse(Set.of());
    var suspected = Map.of("n0001", LeftOversFound.suspected(named, result));
    return order(removal(lab, done(3), suspected), "n0001");
  }

  /**
   * After a change of the backend each node needs an order, and each order names all nodes. The
   * memory for all orders must grow with the number of nodes, not with its square.
   */
  @ParameterizedTest
  @ValueSource(ints = {10, 1000, 5000})
  void howMuchTheOrdersOfAllNodesAreGrowsWithTheNodes(int nodes) {
    var lab = lab(nodes);
    lab.leases().forEach(lease -> lab.finds(lease.node().name(), NodeFault.LEFT_OVERS, null));
    LeftOverTasks tasks = removal(lab, done(nodes)).tasks();
    assertThat(tasks.nodes()).hasSize(nodes);
    assertThat(tasks.common().ranges().getFirst().live()).hasSize(nodes);
    long length =
        tasks.common().json().length()
            + tasks.nodes().keySet().stream().mapToLong(it -> tasks.identity(it).length()).sum();
    assertThat(length).isLessThan(100L * nodes + 1000);
    LeftOverTask last = LeftOverTask.read(tasks.json(tasks.nodes().lastKey()));
    assertThat(last.ranges().getFirst().live()).hasSize(nodes);
  }

  @Test
  void eachNodesOrderHasAnIdentityOfItsOwnThatChangesWithIt() {
    var lab = lab(3);
    lab.leases().forEach(lease -> lab.finds(lease.node().name(), NodeFault.LEFT_OVERS, null));
    LeftOverTasks tasks = removal(lab, done(3)).tasks();
    assertThat(tasks.nodes().keySet().stream().map(tasks::identity)).doesNotHaveDuplicates();
    LeftOverTasks suspecting =
        removal(lab, done(3), Map.of("n0001", Set.of(Cidr.parse("10.0.9.0/24")))).tasks();
    assertThat(suspecting.identity("n0001")).isNotEqualTo(tasks.identity("n0001"));
    assertThat(suspecting.identity("n0002")).isEqualTo(tasks.identity("n0002"));
    assertThat(suspecting.common()).isEqualTo(tasks.common());
  }

  private static Map<String, LeftOverTask> orders(LeftOverRemoval removal) {
    return removal.tasks().nodes().keySet().stream()
        .collect(toMap(node -> node, node -> order(removal, node)));
  }

  private static LeftOverTask order(LeftOverRemoval removal, String node) {
    return LeftOverTask.read(removal.tasks().json(node));
  }

  private static TunnelScenario lab(int nodes) {
    return new TunnelScenario(nodes);
  }

  private static LiveFlannel.PodCounts done(int nodes) {
    return new LiveFlannel.PodCounts(true, nodes, nodes, nodes, nodes);
  }

  private static LeftOverRemoval removal(TunnelScenario lab, LiveFlannel.PodCounts pods) {
    return removal(lab, pods, Map.of());
  }

  private static LeftOverRemoval removal(
      TunnelScenario lab, LiveFlannel.PodCounts pods, Map<String, Set<Cidr>> suspected) {
    return removal(IPIP, lab, pods, suspected);
  }

  private static LeftOverRemoval removal(
      DesiredNetwork wanted,
      TunnelScenario lab,
      LiveFlannel.PodCounts pods,
      Map<String, Set<Cidr>> suspected) {
    ClusterState cluster =
        Clusters.cluster(lab.leases().stream().map(NodeLease::node).toList())
            .live(Networks.live(wanted, pods))
            .state();
    return LeftOverRemoval.of(
        new Observation(
            wanted, cluster, lab.reports(), Optional.empty(), lab.leases(), Instant.EPOCH),
        suspected);
  }

  private static Observation seen(DesiredNetwork wanted, ClusterState cluster, TunnelScenario lab) {
    return Observation.of(wanted, cluster, lab.reports(), Optional.empty(), Instant.EPOCH);
  }

  private static List<NodeFault> faults(Map<String, AgentReport> reports, String node) {
    return ((AgentReport.Received) reports.get(node))
        .findings().stream().map(AgentReport.Finding::fault).toList();
  }
}
