package io.flannel.operator.decide.health;

import static io.flannel.operator.decide.health.PathState.TUNNEL_LOST;
import static io.flannel.operator.decide.health.TunnelScenario.A;
import static io.flannel.operator.decide.health.TunnelScenario.B;
import static io.flannel.operator.decide.health.TunnelScenario.C;
import static io.flannel.operator.decide.health.TunnelScenario.D;
import static io.flannel.operator.decide.problem.TunnelProblem.ENCAPSULATION_BLOCKED;
import static io.flannel.operator.decide.problem.TunnelProblem.PACKET_LOSS;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.health.AgentReport.Awaited;
import io.flannel.operator.decide.health.AgentReport.Path;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.problem.NodeFault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** When a verdict is due again, and what it is counted from. */
class VerdictTimesTest {
  @Test
  void aFirstReportIsOverdueAfterTwoMinutes() {
    TunnelScenario lab = new TunnelScenario(2);
    Map<String, AgentReport> reports = new TreeMap<>(lab.reports());
    reports.put(B, new Awaited(Duration.ofMinutes(2)));
    TunnelVerdicts verdicts = lab.verdicts(reports);
    assertThat(verdicts.troubles()).isEmpty();
    assertThat(verdicts.lookAgain()).contains(Duration.ofMillis(1));
    reports.put(B, new Awaited(Duration.ofMinutes(2).plusMillis(1)));
    assertThat(lab.verdicts(reports).troubles()).hasSize(1);
  }

  @Test
  void aHealthyClusterIsLookedAtWhenTheFirstAgentWouldBeSilent() {
    assertThat(new TunnelScenario(3).verdicts().lookAgain())
        .contains(Duration.ofMinutes(31).plusMillis(1));
  }

  @Test
  void aNodesRoundTripTimeIsThatOfTheMiddleOfItsPeers() {
    TunnelScenario lab = new TunnelScenario(4);
    Map<String, AgentReport> reports = new TreeMap<>(lab.reports());
    Map<String, Integer> micros = Map.of(B, 100, C, 300, D, 200);
    reports.computeIfPresent(
        A,
        (name, report) ->
            with(
                (Received) report,
                ((Received) report)
                    .paths().stream()
                        .map(path -> timed(path, PathState.PASSES, micros.get(path.peer())))
                        .toList()));
    assertThat(lab.verdicts(reports).nodes().get(A).rttP50Micros()).contains(200);
    reports.computeIfPresent(
        A,
        (name, report) ->
            with(
                (Received) report,
                ((Received) report)
                    .paths().stream()
                        .map(path -> timed(path, TUNNEL_LOST, micros.get(path.peer())))
                        .toList()));
    assertThat(lab.verdicts(reports).nodes().get(A).rttP50Micros())
        .as("of peers that are reached alone")
        .isEmpty();
  }

  /** With half of its paths lossy, three losses in a row on another are no other fault. */
  @Test
  void halfOfANodesPathsAreMostOfThem() {
    TunnelScenario half = new TunnelScenario(5);
    half.lies(A, B, TUNNEL_LOST).lies(B, A, TUNNEL_LOST);
    half.lies(A, C, PathState.LOSSY).lies(C, A, PathState.LOSSY);
    half.lies(A, D, PathState.LOSSY).lies(D, A, PathState.LOSSY);
    assertThat(half.troubles()).containsKey(PACKET_LOSS).doesNotContainKey(ENCAPSULATION_BLOCKED);
    TunnelScenario less = new TunnelScenario(5);
    less.lies(A, B, TUNNEL_LOST).lies(B, A, TUNNEL_LOST);
    less.lies(A, C, PathState.LOSSY).lies(C, A, PathState.LOSSY);
    assertThat(less.troubles()).containsKey(ENCAPSULATION_BLOCKED);
  }

  @Test
  void aFaultThatConcernsFullSizePacketsExplainsLossesToo() {
    assertThat(NodeFault.DEVICE_MTU_WRONG.explainsLostFullSizeProbes()).isTrue();
    assertThat(NodeFault.DEVICE_MTU_WRONG.explainsLostProbes()).isFalse();
    assertThat(NodeFault.DEVICE_DOWN.explainsLostFullSizeProbes()).isTrue();
    assertThat(NodeFault.UDP_CHECKSUM_ERRORS.explainsLostProbes()).isTrue();
    assertThat(NodeFault.ROUTE_STALE.explainsLostFullSizeProbes()).isFalse();
    assertThat(new TunnelScenario(4).finds(A, NodeFault.DEVICE_MTU_WRONG, null).lossy(A).troubles())
        .isEqualTo(Map.of(NodeFault.DEVICE_MTU_WRONG, List.of(At.node(A))));
  }

  @Test
  void aNodeAloneIsHealthy() {
    assertThat(new TunnelScenario(1).verdicts().undecided()).isEqualTo(Set.of());
    assertThat(new TunnelScenario(1).verdicts().nodes().get(A).reach()).isEmpty();
  }

  private static Received with(Received report, List<Path> paths) {
    return new Received(
        report.age(),
        report.agentFor(),
        report.nodeFor(),
        report.stopping(),
        report.device(),
        report.bridgeAddress(),
        report.nic(),
        report.bridge(),
        report.findings(),
        paths);
  }

  private static Path timed(Path path, PathState state, Integer micros) {
    return new Path(
        path.peer(),
        path.address(),
        state,
        path.held(),
        path.steady(),
        path.lossPercent(),
        Optional.of(micros),
        Optional.of(micros),
        path.route());
  }
}
