package io.flannel.operator.decide.health;

import static io.flannel.operator.decide.health.ChangedReports.booted;
import static io.flannel.operator.decide.health.ChangedReports.passingSince;
import static io.flannel.operator.decide.health.PathState.TUNNEL_LOST;
import static io.flannel.operator.decide.health.TunnelScenario.A;
import static io.flannel.operator.decide.health.TunnelScenario.B;
import static io.flannel.operator.decide.health.TunnelScenario.C;
import static io.flannel.operator.decide.health.TunnelScenario.D;
import static io.flannel.operator.decide.health.TunnelScenario.name;
import static io.flannel.operator.decide.problem.TunnelProblem.ENCAPSULATION_BLOCKED;
import static io.flannel.operator.decide.problem.TunnelProblem.PACKET_LOSS;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.Between;
import io.flannel.operator.decide.health.TunnelIssue.OneWay;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.Nodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Which node or pair of nodes is the cause of lost probes. */
class PacketLossRuleTest {
  @Test
  void pairIsNamedOfTwoNodesWithoutAFinding() {
    TunnelScenario lab = new TunnelScenario(2).blocked(A);
    assertThat(lab.troubles()).isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(new Between(A, B))));
    assertThat(lab.tunnels()).isEqualTo(Map.of(A, Tunnel.DOWN, B, Tunnel.DOWN));
  }

  @Test
  void nodesAreEachNamedOnceWhereNothingPassesAtAll() {
    TunnelScenario lab = new TunnelScenario(5);
    lab.names().forEach(lab::blocked);
    assertThat(lab.troubles())
        .isEqualTo(Map.of(ENCAPSULATION_BLOCKED, lab.names().stream().map(At::node).toList()));
    assertThat(lab.tunnels().values()).containsOnly(Tunnel.DOWN);
  }

  @Test
  void oneLostDirectionIsToldAsThat() {
    TunnelScenario lab = new TunnelScenario(4).oneWay(A, B);
    assertThat(lab.troubles()).isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(new OneWay(A, B))));
    assertThat(lab.tunnels())
        .isEqualTo(
            Map.of(A, Tunnel.DEGRADED, B, Tunnel.HEALTHY, C, Tunnel.HEALTHY, D, Tunnel.HEALTHY));
  }

  /** With a fifth of all packets lost, three losses in a row are not rare. */
  @Test
  void threeLostInARowOnANodeThatLosesManyAreNoOtherFault() {
    TunnelScenario lab = new TunnelScenario(3).lossy(A).lies(A, B, TUNNEL_LOST);
    assertThat(lab.troubles()).isEqualTo(Map.of(PACKET_LOSS, List.of(At.node(A))));
    assertThat(lab.tunnels())
        .isEqualTo(Map.of(A, Tunnel.DEGRADED, B, Tunnel.HEALTHY, C, Tunnel.HEALTHY));
    lab = new TunnelScenario(6).lossy(A).lies(A, B, TUNNEL_LOST).lies(B, A, TUNNEL_LOST);
    assertThat(lab.troubles()).isEqualTo(Map.of(PACKET_LOSS, List.of(At.node(A))));
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
    assertThat(new TunnelScenario(moved(nodes, "172.16.0.15")).off(A).troubles())
        .isEqualTo(Map.of(TunnelProblem.PUBLIC_IP_WRONG, List.of(At.node(A))));
    assertThat(new TunnelScenario(moved(nodes, "172.16.0.15")).blocked(A).troubles())
        .isEqualTo(Map.of(TunnelProblem.PUBLIC_IP_WRONG, List.of(At.node(A))));
    assertThat(new TunnelScenario(moved(nodes, "172.16.0.15")).troubles()).isEmpty();
    assertThat(new TunnelScenario(moved(nodes, "172.16.0.15")).blocked(B).troubles())
        .isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(At.node(B))));
  }

  private static List<ClusterNode> moved(List<ClusterNode> nodes, String publicIp) {
    List<ClusterNode> moved = new ArrayList<>(nodes);
    moved.set(0, Nodes.like(nodes.getFirst()).flannel("public-ip", publicIp).get());
    return moved;
  }

  @Test
  void aPathThatComesBackAfterTheOthersIsNoFaultOfItsOwn() {
    TunnelScenario lab = new TunnelScenario(3).blocked(A, B);
    Map<String, AgentReport> reports = new TreeMap<>(lab.reports());
    reports.replaceAll(
        (name, report) -> passingSince((AgentReport.Received) report, Duration.ofSeconds(1)));
    TunnelVerdicts verdicts = lab.verdicts(reports);
    assertThat(verdicts.troubles()).isEmpty();
    assertThat(verdicts.nodes().get(A).tunnel()).isEqualTo(Tunnel.UNKNOWN);
    assertThat(verdicts.lookAgain()).isPresent();

    reports.replaceAll(
        (name, report) -> passingSince((AgentReport.Received) report, Duration.ofSeconds(11)));
    assertThat(lab.verdicts(reports).troubles())
        .extracting(TunnelIssue::places)
        .containsExactly(List.of(new TunnelIssue.Between(A, B)));
  }

  @Test
  void aNodeThatHasJustBootedMayStillWaitForItsFlanneld() {
    TunnelScenario lab = new TunnelScenario(4).blocked(C);
    assertThat(lab.verdicts(booted(lab, C, Duration.ofSeconds(20))).troubles()).isEmpty();
    assertThat(lab.verdicts(booted(lab, C, Duration.ofSeconds(20))).nodes().get(C).tunnel())
        .isEqualTo(Tunnel.UNKNOWN);
    assertThat(lab.verdicts(booted(lab, C, Duration.ofSeconds(61))).troubles())
        .extracting(TunnelIssue::cause)
        .containsExactly(ENCAPSULATION_BLOCKED);
  }
}
