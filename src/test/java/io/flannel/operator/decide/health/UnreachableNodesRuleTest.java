package io.flannel.operator.decide.health;

import static io.flannel.operator.decide.health.PathState.SILENT;
import static io.flannel.operator.decide.health.PathState.UNREACHABLE;
import static io.flannel.operator.decide.health.TunnelScenario.A;
import static io.flannel.operator.decide.health.TunnelScenario.B;
import static io.flannel.operator.decide.health.TunnelScenario.C;
import static io.flannel.operator.decide.health.TunnelScenario.D;
import static io.flannel.operator.decide.problem.TunnelProblem.AGENT_SILENT;
import static io.flannel.operator.decide.problem.TunnelProblem.ENCAPSULATION_BLOCKED;
import static io.flannel.operator.decide.problem.TunnelProblem.NODE_UNREACHABLE;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.Between;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.Nodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Nodes that nobody hears, and nodes of which only the agent is silent. */
class UnreachableNodesRuleTest {
  @Test
  void offNodeIsTheCauseOfTwo() {
    TunnelScenario lab = new TunnelScenario(2).off(B);
    assertThat(lab.troubles()).isEqualTo(Map.of(NODE_UNREACHABLE, List.of(At.node(B))));
    assertThat(lab.tunnels()).isEqualTo(Map.of(A, Tunnel.UNKNOWN, B, Tunnel.DOWN));
  }

  @Test
  void nodesThatAreOffCanBeMoreThanHalf() {
    TunnelScenario lab = new TunnelScenario(7).off(A).off(B).off(C).off(D);
    assertThat(lab.troubles())
        .isEqualTo(
            Map.of(NODE_UNREACHABLE, List.of(At.node(A), At.node(B), At.node(C), At.node(D))));
  }

  @Test
  void twoThatCannotReachEachOtherAtAllAreAPair() {
    TunnelScenario lab = new TunnelScenario(4).lies(A, B, UNREACHABLE).lies(B, A, UNREACHABLE);
    assertThat(lab.troubles()).isEqualTo(Map.of(NODE_UNREACHABLE, List.of(new Between(A, B))));
  }

  /**
   * Either two of three nodes died at once or one lies: nobody is named until the control plane
   * knows.
   */
  @Test
  void aNodeThatAloneSaysThatItHearsNobodyIsDoubted() {
    TunnelScenario lab = new TunnelScenario(3).off(B).off(C).since(Duration.ofSeconds(20));
    assertThat(lab.troubles()).isEmpty();
    assertThat(lab.tunnels()).containsEntry(A, Tunnel.UNKNOWN);
    assertThat(lab.verdicts().lookAgain()).contains(Duration.ofSeconds(40));

    List<ClusterNode> nodes = new ArrayList<>();
    for (String node : lab.names()) {
      ClusterNode it = lab.leases().get(nodes.size()).node();
      nodes.add(node.equals(A) ? it : Nodes.like(it).lost().get());
    }
    assertThat(new TunnelScenario(nodes).off(B).off(C).troubles())
        .isEqualTo(Map.of(NODE_UNREACHABLE, List.of(At.node(B), At.node(C))));
  }

  @Test
  void reportsOfANodeAtItsOldAddressDoNotCount() {
    assertThat(new TunnelScenario(3).off(A).troubles())
        .isEqualTo(Map.of(NODE_UNREACHABLE, List.of(At.node(A))));
    assertThat(new TunnelScenario(3).off(A).movedFrom(A, "192.168.9.9").troubles()).isEmpty();
  }

  @Test
  void nodeWhoseAgentIsSilentIsNotMeasuredOfTwo() {
    TunnelScenario lab = new TunnelScenario(2).agentKilled(B);
    assertThat(lab.troubles()).isEqualTo(Map.of(AGENT_SILENT, List.of(At.node(B))));
    assertThat(lab.tunnels()).isEqualTo(Map.of(A, Tunnel.UNKNOWN, B, Tunnel.UNKNOWN));
  }

  /**
   * All UDP between the two is dropped: neither hears the other's agent, though both agents run.
   */
  @Test
  void twoThatDoNotHearEachOtherAreNoSilentAgents() {
    TunnelScenario lab = new TunnelScenario(4).lies(A, B, SILENT).lies(B, A, SILENT);
    assertThat(lab.troubles()).isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(new Between(A, B))));
  }

  /**
   * During an upgrade the agents restart one after the other, and each misses the other meanwhile.
   */
  @Test
  void agentsThatStartOneAfterTheOtherAreNoBlockedTunnel() {
    for (int seconds : List.of(3, 10, 30, 59)) {
      Duration held = Duration.ofSeconds(seconds);
      assertThat(new TunnelScenario(3).lies(A, B, SILENT).lies(B, A, SILENT).since(held).troubles())
          .isEmpty();
      TunnelScenario all = new TunnelScenario(3).since(held);
      for (String peer : List.of(B, C)) {
        all.lies(A, peer, SILENT).lies(peer, A, SILENT);
      }
      assertThat(all.troubles()).isEmpty();
    }
  }

  @Test
  void anAgentThatWasToldToStopIsNoSilentOne() {
    TunnelScenario lab = new TunnelScenario(4);
    for (String peer : List.of(B, C, D)) {
      lab.lies(peer, A, SILENT);
    }
    assertThat(lab.troubles()).isEqualTo(Map.of(AGENT_SILENT, List.of(At.node(A))));
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
    assertThat(lab.startedFor(Duration.ofSeconds(9)).troubles()).isEmpty();
    assertThat(lab.startedFor(Duration.ofSeconds(11)).troubles())
        .isEqualTo(Map.of(AGENT_SILENT, List.of(At.node(A))));
  }

  /** To each other the agents seem silent, but since they report that, they run. */
  @Test
  void aNodeWhoseUdpIsDroppedHasNoSilentAgent() {
    TunnelScenario lab = new TunnelScenario(4);
    for (String peer : List.of(B, C, D)) {
      lab.lies(A, peer, SILENT).lies(peer, A, SILENT);
    }
    assertThat(lab.troubles()).isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(At.node(A))));
  }
}
