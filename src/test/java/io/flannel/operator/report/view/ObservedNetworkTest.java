package io.flannel.operator.report.view;

import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNetworkStatus.Applied;
import io.flannel.operator.api.FlannelNetworkStatus.Change;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.health.TunnelVerdict;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.report.path.PacketPath;
import io.flannel.operator.report.view.ObservedNetwork.Evidence;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Nodes n1 and n2, which probe each other, and n3, which has no lease. */
class ObservedNetworkTest {
  private static final DesiredNetwork IPIP = Networks.ipip("10.244.0.0/16");
  private static final Instant NOW = Instant.parse("2026-11-30T10:00:00Z");

  @Test
  void theNodesAreThoseOfTheStatusThenThoseThatItOmits() {
    assertThat(names(network(status(List.of(listed("n2")), 2), Optional.of(evidence()))))
        .containsExactly("n2", "n3", "n1");
    assertThat(names(network(status(List.of(listed("n2")), null), Optional.of(evidence()))))
        .containsExactly("n2");
    assertThat(names(network(status(List.of(listed("n2")), 0), Optional.of(evidence()))))
        .containsExactly("n2");
    assertThat(names(network(status(List.of(listed("n2")), 2), Optional.empty())))
        .containsExactly("n2");
    assertThat(names(network(status(null, null), Optional.of(evidence())))).isEmpty();
  }

  @Test
  void theViewHasTheStatusWithoutItsNodes() {
    FlannelNetworkStatus status = status(List.of(listed("n2")), 2);
    NetworkView view = network(status, Optional.of(evidence())).view();
    assertThat(view)
        .isEqualTo(
            new NetworkView(
                "default",
                7,
                true,
                Networks.spec("{cidr: 10.244.0.0/16, backend: {type: ipip}}"),
                new FlannelNetworkStatus(
                    6L,
                    List.of(),
                    status.applied(),
                    status.change(),
                    status.rollout(),
                    status.summary(),
                    null,
                    null,
                    status.problems(),
                    status.adoption()),
                network(status, Optional.of(evidence())).nodes(),
                null));
  }

  @Test
  void theMeshHasTheNodesWithALease() {
    NetworkView view = network(status(null, null), Optional.of(evidence())).viewWithMesh();
    assertThat(view.mesh())
        .isEqualTo(
            new Mesh(
                List.of("n1", "n2"),
                List.of(
                    new Mesh.Probe(0, 1, Mesh.State.PASSES, 7, 400),
                    new Mesh.Probe(1, 0, Mesh.State.PASSES, 7, 400))));
  }

  @ParameterizedTest
  @EnumSource(
      value = TunnelProblem.class,
      names = {"AGENT_SILENT", "NODE_UNREACHABLE"})
  void theLastReportOfANodeThatFellSilentDoesNotCount(TunnelProblem cause) {
    ObservedNetwork network = network(status(null, null), Optional.of(evidence(cause)));
    assertThat(network.mesh().probes())
        .containsExactly(
            new Mesh.Probe(0, 1, Mesh.State.UNKNOWN, null, null),
            new Mesh.Probe(1, 0, Mesh.State.PASSES, 7, 400));
    assertThat(network.path("n1", "n2").orElseThrow().hops())
        .filteredOn(hop -> hop.kind() == PacketPath.Kind.BRIDGE)
        .extracting(PacketPath.Hop::note)
        .first()
        .isEqualTo("the agent of n1 says nothing");
  }

  @Test
  void theReportOfANodeWithAnotherProblemCounts() {
    ObservedNetwork network =
        network(status(null, null), Optional.of(evidence(TunnelProblem.PACKET_LOSS)));
    assertThat(network.mesh().probes())
        .extracting(Mesh.Probe::state)
        .containsOnly(Mesh.State.PASSES);
  }

  @Test
  void aPathLeadsFromOneOfItsNodesToAnother() {
    ObservedNetwork network = network(status(null, null), Optional.of(evidence()));
    assertThat(network.nodeNames()).isEqualTo(Set.of("n1", "n2", "n3"));
    assertThat(network.path("n1", "n2").orElseThrow())
        .satisfies(
            path -> {
              assertThat(path.from()).isEqualTo("n1");
              assertThat(path.to()).isEqualTo("n2");
              assertThat(path.works()).isTrue();
            });
    assertThat(network.path("n1", "stranger")).isEmpty();
    assertThat(network.path("stranger", "n1")).isEmpty();
  }

  @Test
  void ofANetworkThatIsNotInChargeNothingIsKnown() {
    ObservedNetwork network =
        new ObservedNetwork(
            "other",
            1,
            false,
            Networks.spec("{cidr: 10.244.0.0/16, backend: {type: ipip}}"),
            Optional.empty(),
            Optional.empty());
    assertThat(network.nodes()).isEmpty();
    assertThat(network.nodeNames()).isEmpty();
    assertThat(network.mesh()).isEqualTo(new Mesh(List.of(), List.of()));
    assertThat(network.path("n1", "n2")).isEmpty();
    assertThat(network.view().status())
        .isEqualTo(
            new FlannelNetworkStatus(null, null, null, null, null, null, null, null, null, null));
  }

  @Test
  void theReplicaThatActsLeads() {
    assertThat(new Replica("1", "a", Optional.of("a")).leads()).isTrue();
    assertThat(new Replica("1", "a", Optional.of("b")).leads()).isFalse();
    assertThat(new Replica("1", "a", Optional.empty()).leads()).isFalse();
  }

  private static List<String> names(ObservedNetwork network) {
    return network.nodes().stream().map(NodeStatus::name).toList();
  }

  private static ObservedNetwork network(FlannelNetworkStatus status, Optional<Evidence> evidence) {
    return new ObservedNetwork(
        "default",
        7,
        true,
        Networks.spec("{cidr: 10.244.0.0/16, backend: {type: ipip}}"),
        Optional.of(status),
        evidence);
  }

  private static FlannelNetworkStatus status(List<NodeStatus> nodes, Integer omitted) {
    return new FlannelNetworkStatus(
        6L,
        List.of(),
        new Applied(null, null, "10.244.0.0/16", null, null, "hash", null),
        new Change(null, null, "nothing is cut"),
        new Rollout(Rollout.Phase.COMPLETE, 3, 3, null, null, null, null, null, null),
        new Summary(3, 2, 2, 0, 0, 1),
        nodes,
        omitted,
        List.of(new Problem("NoPodCIDR", "n3 has none", List.of("n3"), null, null)),
        new Adoption("kube-system/kube-flannel-ds", null, null, null, null, null));
  }

  private static NodeStatus listed(String name) {
    return new NodeStatus(
        name, true, null, null, null, null, null, null, null, null, null, null, null, null);
  }

  private static Evidence evidence() {
    return evidence(Optional.empty());
  }

  /** Returns the evidence with this cause at n1. */
  private static Evidence evidence(ProblemReason cause) {
    return evidence(Optional.of(cause));
  }

  private static Evidence evidence(Optional<ProblemReason> ofN1) {
    var cluster = Clusters.cluster(leased(1), leased(2), node("n3")).state();
    return new Evidence(
        IPIP,
        IPIP.backend(),
        NodeLease.judge(IPIP, cluster),
        Map.of("n1", report("n2"), "n2", report("n1")),
        Optional.of(
            new TunnelVerdicts(
                new TreeMap<>(
                    Map.of(
                        "n1",
                        new TunnelVerdict(
                            ofN1.isPresent() ? Tunnel.UNKNOWN : Tunnel.HEALTHY,
                            ofN1,
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty()))),
                List.of(),
                Set.of(),
                Optional.empty())),
        NOW);
  }

  private static Nodes leased(int number) {
    return node("n" + number)
        .podCidr("10.244.%d.0/24".formatted(number))
        .leased("ipip", "192.168.0.8" + number);
  }

  private static AgentReport report(String peer) {
    return new AgentReport.Received(
        Duration.ZERO,
        Optional.empty(),
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of(
            new AgentReport.Path(
                peer,
                Optional.empty(),
                PathState.PASSES,
                Duration.ofMinutes(1),
                true,
                Optional.of(7),
                Optional.of(400),
                Optional.of(900),
                Optional.empty())));
  }
}
