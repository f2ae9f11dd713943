package io.flannel.operator.decide.health;

import static io.flannel.operator.decide.health.PathState.SILENT;
import static io.flannel.operator.decide.health.PathState.TUNNEL_LOST;
import static io.flannel.operator.decide.health.PathState.UNREACHABLE;
import static io.flannel.operator.decide.health.TunnelScenario.name;
import static io.flannel.operator.decide.problem.NodeFault.BRIDGE_MTU_WRONG;
import static io.flannel.operator.decide.problem.NodeFault.DEVICE_DOWN;
import static io.flannel.operator.decide.problem.NodeFault.DEVICE_MTU_WRONG;
import static io.flannel.operator.decide.problem.NodeFault.FDB_MISSING;
import static io.flannel.operator.decide.problem.NodeFault.ROUTE_MISSING;
import static io.flannel.operator.decide.problem.NodeFault.ROUTE_STALE;
import static io.flannel.operator.decide.problem.NodeFault.UDP_CHECKSUM_ERRORS;
import static io.flannel.operator.decide.problem.TunnelProblem.AGENT_SILENT;
import static io.flannel.operator.decide.problem.TunnelProblem.ENCAPSULATION_BLOCKED;
import static io.flannel.operator.decide.problem.TunnelProblem.MTU_BLACK_HOLE;
import static io.flannel.operator.decide.problem.TunnelProblem.NODE_UNREACHABLE;
import static io.flannel.operator.decide.problem.TunnelProblem.PACKET_LOSS;
import static io.flannel.operator.flannel.Networks.ipip;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.Between;
import io.flannel.operator.decide.health.TunnelIssue.OneWay;
import io.flannel.operator.decide.health.TunnelIssue.Place;
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
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TunnelVerdictsTest {
  private static final String A = name(0);
  private static final String B = name(1);
  private static final String C = name(2);
  private static final String D = name(3);

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
  void ofTwoNodesTheOneWithAFindingIsTheCause() {
    TunnelScenario lab = new TunnelScenario(2).cutOff(A, B, ROUTE_MISSING);
    assertThat(troubles(lab)).isEqualTo(Map.of(ROUTE_MISSING, List.of(toward(A, B))));
    assertThat(tunnels(lab)).isEqualTo(Map.of(A, Tunnel.DOWN, B, Tunnel.UNKNOWN));
  }

  @Test
  void ofTwoNodesWithoutAFindingItIsThePair() {
    TunnelScenario lab = new TunnelScenario(2).blocked(A);
    assertThat(troubles(lab)).isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(new Between(A, B))));
    assertThat(tunnels(lab)).isEqualTo(Map.of(A, Tunnel.DOWN, B, Tunnel.DOWN));
  }

  @Test
  void ofTwoNodesTheOneThatIsOffIsTheCause() {
    TunnelScenario lab = new TunnelScenario(2).off(B);
    assertThat(troubles(lab)).isEqualTo(Map.of(NODE_UNREACHABLE, List.of(At.node(B))));
    assertThat(tunnels(lab)).isEqualTo(Map.of(A, Tunnel.UNKNOWN, B, Tunnel.DOWN));
  }

  @Test
  void ofTwoNodesTheOneWhoseAgentIsSilentIsNotMeasured() {
    TunnelScenario lab = new TunnelScenario(2).agentKilled(B);
    assertThat(troubles(lab)).isEqualTo(Map.of(AGENT_SILENT, List.of(At.node(B))));
    assertThat(tunnels(lab)).isEqualTo(Map.of(A, Tunnel.UNKNOWN, B, Tunnel.UNKNOWN));
  }

  @Test
  void aDeviceThatIsDownIsTheCauseAndItsPeersAreWell() {
    TunnelScenario lab = new TunnelScenario(3).cutOff(A, DEVICE_DOWN);
    assertThat(troubles(lab)).isEqualTo(Map.of(DEVICE_DOWN, List.of(At.node(A))));
    assertThat(tunnels(lab))
        .isEqualTo(Map.of(A, Tunnel.DOWN, B, Tunnel.HEALTHY, C, Tunnel.HEALTHY));
  }

  @Test
  void whatADeviceThatIsDownTookAlongIsNotToldAgain() {
    TunnelScenario lab = new TunnelScenario(3).finds(A, ROUTE_MISSING, B).cutOff(A, DEVICE_DOWN);
    assertThat(troubles(lab)).isEqualTo(Map.of(DEVICE_DOWN, List.of(At.node(A))));
  }

  @Test
  void aFindingIsToldThoughProbesPass() {
    TunnelScenario lab =
        new TunnelScenario(3).finds(A, ROUTE_STALE, null).finds(B, ROUTE_MISSING, C);
    assertThat(troubles(lab))
        .isEqualTo(Map.of(ROUTE_STALE, List.of(At.node(A)), ROUTE_MISSING, List.of(toward(B, C))));
    assertThat(tunnels(lab))
        .isEqualTo(Map.of(A, Tunnel.DEGRADED, B, Tunnel.DEGRADED, C, Tunnel.HEALTHY));
  }

  @Test
  void whatFlannelDidNotProgramForAPeerIsOneCause() {
    TunnelScenario lab = new TunnelScenario(3).finds(A, FDB_MISSING, B).finds(A, ROUTE_MISSING, B);
    assertThat(troubles(lab)).isEqualTo(Map.of(ROUTE_MISSING, List.of(toward(A, B))));
  }

  @Test
  void adviceIsToldButTheTunnelIsHealthy() {
    TunnelScenario lab = new TunnelScenario(3).finds(A, BRIDGE_MTU_WRONG, null);
    assertThat(troubles(lab)).isEqualTo(Map.of(BRIDGE_MTU_WRONG, List.of(At.node(A))));
    assertThat(tunnels(lab))
        .isEqualTo(Map.of(A, Tunnel.HEALTHY, B, Tunnel.HEALTHY, C, Tunnel.HEALTHY));
  }

  @Test
  void aHintCountsOnlyWhileProbesAreLost() {
    assertThat(troubles(new TunnelScenario(4).finds(A, UDP_CHECKSUM_ERRORS, null))).isEmpty();
    assertThat(troubles(new TunnelScenario(4).finds(A, UDP_CHECKSUM_ERRORS, null).blocked(A)))
        .isEqualTo(Map.of(UDP_CHECKSUM_ERRORS, List.of(At.node(A))));
    assertThat(troubles(new TunnelScenario(4).finds(A, UDP_CHECKSUM_ERRORS, null).blocked(B)))
        .isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(At.node(B))));
  }

  @Test
  void aWrongMtuExplainsABlackHoleButNoLostTunnel() {
    assertThat(troubles(new TunnelScenario(4).finds(A, DEVICE_MTU_WRONG, null).narrow(A)))
        .isEqualTo(Map.of(DEVICE_MTU_WRONG, List.of(At.node(A))));
    assertThat(troubles(new TunnelScenario(4).finds(A, DEVICE_MTU_WRONG, null).blocked(A)))
        .isEqualTo(
            Map.of(
                DEVICE_MTU_WRONG, List.of(At.node(A)),
                ENCAPSULATION_BLOCKED, List.of(At.node(A))));
  }

  @Test
  void theGraverStateIsNamedAndTheOthersAsWell() {
    assertThat(troubles(new TunnelScenario(10).narrow(A).lossy(B).blocked(C).off(D)))
        .isEqualTo(
            Map.of(
                MTU_BLACK_HOLE, List.of(At.node(A)),
                PACKET_LOSS, List.of(At.node(B)),
                ENCAPSULATION_BLOCKED, List.of(At.node(C)),
                NODE_UNREACHABLE, List.of(At.node(D))));
  }

  @Test
  void whereNothingPassesAtAllEveryNodeIsNamedOnce() {
    TunnelScenario lab = new TunnelScenario(5);
    lab.names().forEach(lab::blocked);
    assertThat(troubles(lab))
        .isEqualTo(Map.of(ENCAPSULATION_BLOCKED, lab.names().stream().map(At::node).toList()));
    assertThat(tunnels(lab).values()).containsOnly(Tunnel.DOWN);
  }

  @Test
  void oneLostDirectionIsToldAsThat() {
    TunnelScenario lab = new TunnelScenario(4).oneWay(A, B);
    assertThat(troubles(lab)).isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(new OneWay(A, B))));
    assertThat(tunnels(lab))
        .isEqualTo(
            Map.of(A, Tunnel.DEGRADED, B, Tunnel.HEALTHY, C, Tunnel.HEALTHY, D, Tunnel.HEALTHY));
  }

  @Test
  void moreThanHalfOfTheNodesCanBeOff() {
    TunnelScenario lab = new TunnelScenario(7).off(A).off(B).off(C).off(D);
    assertThat(troubles(lab))
        .isEqualTo(
            Map.of(NODE_UNREACHABLE, List.of(At.node(A), At.node(B), At.node(C), At.node(D))));
  }

  /** All UDP between two is dropped: neither hears the other's agent, and both agents are well. */
  @Test
  void twoThatDoNotHearEachOtherAreNoSilentAgents() {
    TunnelScenario lab = new TunnelScenario(4).lies(A, B, SILENT).lies(B, A, SILENT);
    assertThat(troubles(lab)).isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(new Between(A, B))));
  }

  /** At an upgrade each agent misses the other while that one starts, one after the other. */
  @Test
  void agentsThatStartOneAfterTheOtherAreNoBlockedTunnel() {
    for (int seconds : List.of(3, 10, 30, 59)) {
      Duration held = Duration.ofSeconds(seconds);
      assertThat(troubles(new TunnelScenario(3).lies(A, B, SILENT).lies(B, A, SILENT).since(held)))
          .isEmpty();
      TunnelScenario all = new TunnelScenario(3).since(held);
      for (String peer : List.of(B, C)) {
        all.lies(A, peer, SILENT).lies(peer, A, SILENT);
      }
      assertThat(troubles(all)).isEmpty();
    }
  }

  @Test
  void anAgentThatWasToldToStopIsNoSilentOne() {
    TunnelScenario lab = new TunnelScenario(4);
    for (String peer : List.of(B, C, D)) {
      lab.lies(peer, A, SILENT);
    }
    assertThat(troubles(lab)).isEqualTo(Map.of(AGENT_SILENT, List.of(At.node(A))));
    TunnelVerdicts verdicts = lab.stops(A).verdicts();
    assertThat(verdicts.troubles()).isEmpty();
    assertThat(verdicts.lookAgain()).isPresent();
  }

  @Test
  void anAgentThatHasJustStartedIsNoSilentOne() {
    TunnelScenario lab = new TunnelScenario(4);
    for (String peer : List.of(B, C, D)) {
      lab.lies(peer, A, SILENT);
    }
    assertThat(troubles(lab.startedFor(Duration.ofSeconds(9)))).isEmpty();
    assertThat(troubles(lab.startedFor(Duration.ofSeconds(11))))
        .isEqualTo(Map.of(AGENT_SILENT, List.of(At.node(A))));
  }

  /** As the agents see it, each is silent to the other; but they report that, so they run. */
  @Test
  void aNodeWhoseUdpIsDroppedHasNoSilentAgent() {
    TunnelScenario lab = new TunnelScenario(4);
    for (String peer : List.of(B, C, D)) {
      lab.lies(A, peer, SILENT).lies(peer, A, SILENT);
    }
    assertThat(troubles(lab)).isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(At.node(A))));
  }

  @Test
  void whatWasSeenOfANodeAtItsOldAddressDoesNotCount() {
    assertThat(troubles(new TunnelScenario(3).off(A)))
        .isEqualTo(Map.of(NODE_UNREACHABLE, List.of(At.node(A))));
    assertThat(troubles(new TunnelScenario(3).off(A).movedFrom(A, "192.168.9.9"))).isEmpty();
  }

  /** With a fifth of all packets lost, three in a row are no rarity. */
  @Test
  void threeLostInARowOnANodeThatLosesManyAreNoOtherFault() {
    TunnelScenario lab = new TunnelScenario(3).lossy(A).lies(A, B, TUNNEL_LOST);
    assertThat(troubles(lab)).isEqualTo(Map.of(PACKET_LOSS, List.of(At.node(A))));
    assertThat(tunnels(lab))
        .isEqualTo(Map.of(A, Tunnel.DEGRADED, B, Tunnel.HEALTHY, C, Tunnel.HEALTHY));
    lab = new TunnelScenario(6).lossy(A).lies(A, B, TUNNEL_LOST).lies(B, A, TUNNEL_LOST);
    assertThat(troubles(lab)).isEqualTo(Map.of(PACKET_LOSS, List.of(At.node(A))));
  }

  @Test
  void twoThatCannotReachEachOtherAtAllAreAPair() {
    TunnelScenario lab = new TunnelScenario(4).lies(A, B, UNREACHABLE).lies(B, A, UNREACHABLE);
    assertThat(troubles(lab)).isEqualTo(Map.of(NODE_UNREACHABLE, List.of(new Between(A, B))));
  }

  /** Two of three died at once, or one lies: until the control plane knows, nobody is named. */
  @Test
  void aNodeThatAloneSaysThatItHearsNobodyIsDoubted() {
    TunnelScenario lab = new TunnelScenario(3).off(B).off(C).since(Duration.ofSeconds(20));
    assertThat(troubles(lab)).isEmpty();
    assertThat(tunnels(lab)).containsEntry(A, Tunnel.UNKNOWN);
    assertThat(lab.verdicts().lookAgain()).contains(Duration.ofSeconds(40));

    List<ClusterNode> nodes = new ArrayList<>();
    for (String node : lab.names()) {
      ClusterNode it = lab.leases().get(nodes.size()).node();
      nodes.add(node.equals(A) ? it : Nodes.like(it).lost().get());
    }
    assertThat(troubles(new TunnelScenario(nodes).off(B).off(C)))
        .isEqualTo(Map.of(NODE_UNREACHABLE, List.of(At.node(B), At.node(C))));
  }

  @Test
  void whoIsNotLeasedIsUnknownForThatReasonAndBlamedForNothingElse() {
    List<ClusterNode> nodes =
        new ArrayList<>(new TunnelScenario(4).leases().stream().map(NodeLease::node).toList());
    Nodes twin = node("twin").podCidr("10.9.9.0/24").internalIp("192.168.0.1");
    nodes.add(twin.leased("ipip", "192.168.0.1").get());
    TunnelScenario lab = new TunnelScenario(nodes).blocked(A).off("twin");
    assertThat(troubles(lab)).isEmpty();
    assertThat(tunnels(lab))
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
  void aPublicIpThatIsNoneOfTheNodesIsTheCauseWhereItsPacketsAreLost() {
    List<ClusterNode> nodes =
        IntStream.range(0, 4)
            .mapToObj(
                i ->
                    node(name(i))
                        .podCidr("10.0.%d.0/24".formatted(i))
                        .internalIp("192.168.0." + (i + 1))
                        .leased("ipip", "192.168.0." + (i + 1))
                        .get())
            .toList();
    assertThat(troubles(new TunnelScenario(moved(nodes, "172.16.0.15")).off(A)))
        .isEqualTo(Map.of(TunnelProblem.PUBLIC_IP_WRONG, List.of(At.node(A))));
    assertThat(troubles(new TunnelScenario(moved(nodes, "172.16.0.15")).blocked(A)))
        .isEqualTo(Map.of(TunnelProblem.PUBLIC_IP_WRONG, List.of(At.node(A))));
    assertThat(troubles(new TunnelScenario(moved(nodes, "172.16.0.15")))).isEmpty();
    assertThat(troubles(new TunnelScenario(moved(nodes, "172.16.0.15")).blocked(B)))
        .isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(At.node(B))));
  }

  private static List<ClusterNode> moved(List<ClusterNode> nodes, String publicIp) {
    List<ClusterNode> moved = new ArrayList<>(nodes);
    moved.set(0, Nodes.like(nodes.getFirst()).flannel("public-ip", publicIp).get());
    return moved;
  }

  @Test
  void anAgentThatHasNotReportedIsNamedOnlyAfterTwoMinutes() {
    TunnelScenario lab = new TunnelScenario(3);
    Map<String, AgentReport> reports = new TreeMap<>(lab.reports());
    reports.remove(C);
    TunnelVerdicts verdicts = judge(lab, reports);
    assertThat(verdicts.troubles()).isEmpty();
    assertThat(verdicts.nodes().get(C).cause()).contains(TunnelProblem.NOT_REPORTED);
    assertThat(verdicts.nodes().get(C).tunnel()).isEqualTo(Tunnel.UNKNOWN);
    assertThat(verdicts.lookAgain()).isPresent();

    reports.put(C, new AgentReport.Awaited(Duration.ofMinutes(3)));
    assertThat(judge(lab, reports).troubles())
        .extracting(TunnelIssue::cause)
        .containsExactly(TunnelProblem.NOT_REPORTED);
  }

  @Test
  void aReportThatCannotBeCountsForNothing() {
    TunnelScenario lab = new TunnelScenario(4);
    Map<String, AgentReport> reports = new TreeMap<>(lab.reports());
    reports.put(C, new AgentReport.Nonsense("peers has a lossPercent of 101"));
    TunnelVerdicts fresh = judge(lab, reports);
    assertThat(fresh.troubles()).isEmpty();
    assertThat(fresh.undecided()).containsExactly(C);
    assertThat(fresh.lookAgain()).contains(InvalidReports.STANDS_AFTER);

    reports.put(
        C,
        new AgentReport.Nonsense(
            "peers has a lossPercent of 101", InvalidReports.STANDS_AFTER, Optional.empty()));
    TunnelVerdicts verdicts = judge(lab, reports);
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
    TunnelVerdicts verdicts = judge(lab, reports);
    assertThat(verdicts.nodes().get(C).tunnel()).isEqualTo(Tunnel.DOWN);
    assertThat(verdicts.nodes().get(C).cause()).contains(ENCAPSULATION_BLOCKED);
    assertThat(verdicts.troubles())
        .extracting(TunnelIssue::cause)
        .containsExactlyInAnyOrder(ENCAPSULATION_BLOCKED, AGENT_SILENT);
  }

  @Test
  void aPathThatComesBackAfterTheOthersIsNoFaultOfItsOwn() {
    TunnelScenario lab = new TunnelScenario(3).blocked(A, B);
    Map<String, AgentReport> reports = new TreeMap<>(lab.reports());
    reports.replaceAll(
        (name, report) -> passesSince((AgentReport.Received) report, Duration.ofSeconds(1)));
    TunnelVerdicts verdicts = judge(lab, reports);
    assertThat(verdicts.troubles()).isEmpty();
    assertThat(verdicts.nodes().get(A).tunnel()).isEqualTo(Tunnel.UNKNOWN);
    assertThat(verdicts.lookAgain()).isPresent();

    reports.replaceAll(
        (name, report) -> passesSince((AgentReport.Received) report, Duration.ofSeconds(11)));
    assertThat(judge(lab, reports).troubles())
        .extracting(TunnelIssue::places)
        .containsExactly(List.of(new TunnelIssue.Between(A, B)));
  }

  @Test
  void aNodeThatHasJustBootedMayStillWaitForItsFlanneld() {
    TunnelScenario lab = new TunnelScenario(4).blocked(C);
    assertThat(judge(lab, booted(lab, C, Duration.ofSeconds(20))).troubles()).isEmpty();
    assertThat(judge(lab, booted(lab, C, Duration.ofSeconds(20))).nodes().get(C).tunnel())
        .isEqualTo(Tunnel.UNKNOWN);
    assertThat(judge(lab, booted(lab, C, Duration.ofSeconds(61))).troubles())
        .extracting(TunnelIssue::cause)
        .containsExactly(ENCAPSULATION_BLOCKED);
  }

  private static Map<String, AgentReport> booted(TunnelScenario lab, String node, Duration ago) {
    Map<String, AgentReport> reports = new TreeMap<>(lab.reports());
    AgentReport.Received report = (AgentReport.Received) reports.get(node);
    reports.put(node, copy(report, report.age(), Optional.of(ago), report.paths()));
    return reports;
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
    assertThat(troubles(lab)).isEmpty();
    assertThat(tunnels(lab).values()).containsOnly(Tunnel.UNKNOWN);
  }

  @Test
  void fiveThousandNodesAreJudged() {
    TunnelScenario lab =
        new TunnelScenario(5000).off(name(17)).blocked(name(3000)).lies(A, B, TUNNEL_LOST);
    assertThat(troubles(lab))
        .isEqualTo(
            Map.of(
                NODE_UNREACHABLE, List.of(At.node(name(17))),
                ENCAPSULATION_BLOCKED, List.of(At.node(name(3000)), new OneWay(A, B))));
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

  private static AgentReport passesSince(AgentReport.Received report, Duration held) {
    return copy(
        report,
        report.age(),
        report.nodeFor(),
        report.paths().stream()
            .map(
                path ->
                    path.state() != PathState.PASSES
                        ? path
                        : new AgentReport.Path(
                            path.peer(),
                            path.address(),
                            path.state(),
                            held,
                            path.steady(),
                            path.lossPercent(),
                            path.rttP50Micros(),
                            path.rttP99Micros(),
                            path.route()))
            .toList());
  }

  private static AgentReport aged(AgentReport.Received report, Duration age) {
    return copy(report, age, report.nodeFor(), report.paths());
  }

  /** The same report with another age, boot and paths. */
  private static AgentReport copy(
      AgentReport.Received report,
      Duration age,
      Optional<Duration> nodeFor,
      List<AgentReport.Path> paths) {
    return new AgentReport.Received(
        age,
        report.agentFor(),
        nodeFor,
        report.stopping(),
        report.device(),
        report.bridgeAddress(),
        report.nic(),
        report.bridge(),
        report.findings(),
        paths);
  }

  private static TunnelVerdicts judge(TunnelScenario lab, Map<String, AgentReport> reports) {
    return TunnelVerdicts.judge(
        ipip("10.0.0.0/8").health(), lab.leases(), reports, PreviousStatus.NOTHING);
  }

  private static Place toward(String node, String peer) {
    return new At(node, Optional.of(peer));
  }

  static Map<ProblemReason, List<Place>> troubles(TunnelScenario lab) {
    return lab.verdicts().troubles().stream()
        .collect(Collectors.toMap(TunnelIssue::cause, TunnelIssue::places));
  }

  private static Map<String, Tunnel> tunnels(TunnelScenario lab) {
    return lab.verdicts().nodes().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().tunnel()));
  }
}
