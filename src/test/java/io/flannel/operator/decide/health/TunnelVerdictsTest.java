package io.flannel.operator.decide.health;

import static io.flannel.operator.decide.health.ChangedReports.aged;
import static io.flannel.operator.decide.health.PathState.TUNNEL_LOST;
import static io.flannel.operator.decide.health.TunnelScenario.A;
import static io.flannel.operator.decide.health.TunnelScenario.B;
import static io.flannel.operator.decide.health.TunnelScenario.C;
import static io.flannel.operator.decide.health.TunnelScenario.D;
import static io.flannel.operator.decide.health.TunnelScenario.name;
import static io.flannel.operator.decide.problem.TunnelProblem.AGENT_SILENT;
import static io.flannel.operator.decide.problem.TunnelProblem.ENCAPSULATION_BLOCKED;
import static io.flannel.operator.decide.problem.TunnelProblem.MTU_BLACK_HOLE;
import static io.flannel.operator.decide.problem.TunnelProblem.NODE_UNREACHABLE;
import static io.flannel.operator.decide.problem.TunnelProblem.PACKET_LOSS;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.OneWay;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.Nodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Verdicts of all rules together, and nodes for which there is no verdict. */
class TunnelVerdictsTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10, 64, 65, 200})
  void whereAllPassesAllAreHealthy(int size) {
    TunnelVerdicts verdicts = new TunnelScenario(size).verdicts();
    assertThat(verdicts.troubles()).isEmpty();
    assertThat(verdicts.nodes().values())
        .hasSize(size)
        .allSatisfy(it -> assertThat(it.tunnel()).isEqualTo(Tunnel.HEALTHY));
  }

  @Test
  void theGraverStateIsNamedAndTheOthersAsWell() {
    assertThat(new TunnelScenario(10).narrow(A).lossy(B).blocked(C).off(D).troubles())
        .isEqualTo(
            Map.of(
                MTU_BLACK_HOLE, List.of(At.node(A)),
                PACKET_LOSS, List.of(At.node(B)),
                ENCAPSULATION_BLOCKED, List.of(At.node(C)),
                NODE_UNREACHABLE, List.of(At.node(D))));
  }

  @Test
  void fiveThousandNodesAreJudged() {
    TunnelScenario lab =
        new TunnelScenario(5000).off(name(17)).blocked(name(3000)).lies(A, B, TUNNEL_LOST);
    assertThat(lab.troubles())
        .isEqualTo(
            Map.of(
                NODE_UNREACHABLE, List.of(At.node(name(17))),
                ENCAPSULATION_BLOCKED, List.of(At.node(name(3000)), new OneWay(A, B))));
  }

  @Test
  void whatIsReachedIsCounted() {
    TunnelVerdicts verdicts = new TunnelScenario(64).off(A).verdicts();
    assertThat(verdicts.nodes().get(A).reach()).contains(new TunnelVerdict.Reach(0, 63));
    assertThat(verdicts.nodes().get(B).reach()).contains(new TunnelVerdict.Reach(62, 63));
    assertThat(verdicts.nodes().get(B).rttP50Micros()).contains(400);
    assertThat(verdicts.nodes().get(A).rttP50Micros()).isEmpty();
  }

  @Test
  void aProbeOfAnUnknownStateSaysNothing() {
    TunnelScenario lab = new TunnelScenario(2);
    lab.lies(A, B, PathState.UNMEASURED).lies(B, A, PathState.UNMEASURED);
    assertThat(lab.troubles()).isEmpty();
    assertThat(lab.tunnels().values()).containsOnly(Tunnel.UNKNOWN);
  }

  @Test
  void nodeWithoutALeaseIsUnknownForThatReasonAndBlamedForNothingElse() {
    List<ClusterNode> nodes =
        new ArrayList<>(new TunnelScenario(4).leases().stream().map(NodeLease::node).toList());
    Nodes twin = node("twin").podCidr("10.9.9.0/24").internalIp("192.168.0.1");
    nodes.add(twin.leased("ipip", "192.168.0.1").get());
    TunnelScenario lab = new TunnelScenario(nodes).blocked(A).off("twin");
    assertThat(lab.troubles()).isEmpty();
    assertThat(lab.tunnels())
        .isEqualTo(
            Map.of(
                A,
                Tunnel.UNKNOWN,
                "twin",
                Tunnel.UNKNOWN,
                B,
                Tunnel.HEALTHY,
                C,
                Tunnel.HEALTHY,
                D,
                Tunnel.HEALTHY));
    assertThat(lab.verdicts().nodes().get(A).cause()).contains(LeaseProblem.DUPLICATE_PUBLIC_IP);
  }

  @Test
  void anAgentThatHasNotReportedIsNamedOnlyAfterTwoMinutes() {
    TunnelScenario lab = new TunnelScenario(3);
    Map<String, AgentReport> reports = new TreeMap<>(lab.reports());
    reports.remove(C);
    TunnelVerdicts verdicts = lab.verdicts(reports);
    assertThat(verdicts.troubles()).isEmpty();
    assertThat(verdicts.nodes().get(C).cause()).contains(TunnelProblem.NOT_REPORTED);
    assertThat(verdicts.nodes().get(C).tunnel()).isEqualTo(Tunnel.UNKNOWN);
    assertThat(verdicts.lookAgain()).isPresent();

    reports.put(C, new AgentReport.Awaited(Duration.ofMinutes(3)));
    assertThat(lab.verdicts(reports).troubles())
        .extracting(TunnelIssue::cause)
        .containsExactly(TunnelProblem.NOT_REPORTED);
  }

  @Test
  void aReportThatCannotBeCountsForNothing() {
    TunnelScenario lab = new TunnelScenario(4);
    Map<String, AgentReport> reports = new TreeMap<>(lab.reports());
    reports.put(C, new AgentReport.Nonsense("peers has a lossPercent of 101"));
    TunnelVerdicts fresh = lab.verdicts(reports);
    assertThat(fresh.troubles()).isEmpty();
    assertThat(fresh.undecided()).containsExactly(C);
    assertThat(fresh.lookAgain()).contains(InvalidReports.STANDS_AFTER);

    reports.put(
        C,
        new AgentReport.Nonsense(
            "peers has a lossPercent of 101", InvalidReports.STANDS_AFTER, Optional.empty()));
    TunnelVerdicts verdicts = lab.verdicts(reports);
    assertThat(verdicts.troubles())
        .containsExactly(
            new TunnelIssue(
                TunnelProblem.REPORT_INVALID,
                List.of(At.node(C)),
                "peers has a lossPercent of 101"));
    assertThat(verdicts.nodes().get(C).tunnel()).isEqualTo(Tunnel.UNKNOWN);
    assertThat(verdicts.nodes().get(A).tunnel()).isEqualTo(Tunnel.HEALTHY);
    assertThat(verdicts.nodes().get(C).reach()).contains(new TunnelVerdict.Reach(3, 3));
  }

  @Test
  void anOldReportMeansASilentAgentWhatTheOthersSeeStillCounts() {
    TunnelScenario lab = new TunnelScenario(4).blocked(C);
    Map<String, AgentReport> reports = new TreeMap<>(lab.reports());
    reports.computeIfPresent(
        C, (name, report) -> aged((AgentReport.Received) report, Duration.ofMinutes(32)));
    TunnelVerdicts verdicts = lab.verdicts(reports);
    assertThat(verdicts.nodes().get(C).tunnel()).isEqualTo(Tunnel.DOWN);
    assertThat(verdicts.nodes().get(C).cause()).contains(ENCAPSULATION_BLOCKED);
    assertThat(verdicts.troubles())
        .extracting(TunnelIssue::cause)
        .containsExactlyInAnyOrder(ENCAPSULATION_BLOCKED, AGENT_SILENT);
  }

  @Test
  void theWordsForEachCauseAreForPeople() {
    List<ProblemReason> all = new ArrayList<>(List.of(TunnelProblem.values()));
    all.addAll(List.of(LeaseProblem.values()));
    all.addAll(List.of(NodeFault.values()));
    assertThat(all).extracting(ProblemReason::reason).doesNotHaveDuplicates();
    assertThat(TunnelProblem.values())
        .allSatisfy(
            problem -> {
              assertThat(problem.reason()).matches("[A-Z][A-Za-z]+");
              assertThat(problem.message()).matches("(has|loses|exchanges|publishes) .*[^.]");
              assertThat(problem.between()).doesNotEndWith(".");
              assertThat(problem.remedy()).matches("[a-z].*[^.]");
            });
  }
}
