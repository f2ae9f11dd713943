package io.flannel.operator.decide.health;

import static io.flannel.operator.decide.health.TunnelScenario.A;
import static io.flannel.operator.decide.health.TunnelScenario.B;
import static io.flannel.operator.decide.health.TunnelScenario.C;
import static io.flannel.operator.decide.health.TunnelScenario.toward;
import static io.flannel.operator.decide.problem.NodeFault.BRIDGE_MTU_WRONG;
import static io.flannel.operator.decide.problem.NodeFault.DEVICE_DOWN;
import static io.flannel.operator.decide.problem.NodeFault.DEVICE_MTU_WRONG;
import static io.flannel.operator.decide.problem.NodeFault.FDB_MISSING;
import static io.flannel.operator.decide.problem.NodeFault.ROUTE_MISSING;
import static io.flannel.operator.decide.problem.NodeFault.ROUTE_STALE;
import static io.flannel.operator.decide.problem.NodeFault.UDP_CHECKSUM_ERRORS;
import static io.flannel.operator.decide.problem.TunnelProblem.ENCAPSULATION_BLOCKED;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.health.TunnelIssue.At;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Agents' findings on their nodes, and the lost probes that they explain. */
class LocalFaultsRuleTest {
  @Test
  void nodeWithAFindingIsTheCauseOfTwo() {
    TunnelScenario lab = new TunnelScenario(2).cutOff(A, B, ROUTE_MISSING);
    assertThat(lab.troubles()).isEqualTo(Map.of(ROUTE_MISSING, List.of(toward(A, B))));
    assertThat(lab.tunnels()).isEqualTo(Map.of(A, Tunnel.DOWN, B, Tunnel.UNKNOWN));
  }

  @Test
  void aDeviceThatIsDownIsTheCauseAndItsPeersAreWell() {
    TunnelScenario lab = new TunnelScenario(3).cutOff(A, DEVICE_DOWN);
    assertThat(lab.troubles()).isEqualTo(Map.of(DEVICE_DOWN, List.of(At.node(A))));
    assertThat(lab.tunnels())
        .isEqualTo(Map.of(A, Tunnel.DOWN, B, Tunnel.HEALTHY, C, Tunnel.HEALTHY));
  }

  @Test
  void consequencesOfADeviceThatIsDownAreNotTold() {
    TunnelScenario lab = new TunnelScenario(3).finds(A, ROUTE_MISSING, B).cutOff(A, DEVICE_DOWN);
    assertThat(lab.troubles()).isEqualTo(Map.of(DEVICE_DOWN, List.of(At.node(A))));
  }

  @Test
  void aFindingIsToldThoughProbesPass() {
    TunnelScenario lab =
        new TunnelScenario(3).finds(A, ROUTE_STALE, null).finds(B, ROUTE_MISSING, C);
    assertThat(lab.troubles())
        .isEqualTo(Map.of(ROUTE_STALE, List.of(At.node(A)), ROUTE_MISSING, List.of(toward(B, C))));
    assertThat(lab.tunnels())
        .isEqualTo(Map.of(A, Tunnel.DEGRADED, B, Tunnel.DEGRADED, C, Tunnel.HEALTHY));
  }

  @Test
  void whatFlannelDidNotProgramForAPeerIsOneCause() {
    TunnelScenario lab = new TunnelScenario(3).finds(A, FDB_MISSING, B).finds(A, ROUTE_MISSING, B);
    assertThat(lab.troubles()).isEqualTo(Map.of(ROUTE_MISSING, List.of(toward(A, B))));
  }

  @Test
  void adviceIsToldButTheTunnelIsHealthy() {
    TunnelScenario lab = new TunnelScenario(3).finds(A, BRIDGE_MTU_WRONG, null);
    assertThat(lab.troubles()).isEqualTo(Map.of(BRIDGE_MTU_WRONG, List.of(At.node(A))));
    assertThat(lab.tunnels())
        .isEqualTo(Map.of(A, Tunnel.HEALTHY, B, Tunnel.HEALTHY, C, Tunnel.HEALTHY));
  }

  @Test
  void aHintCountsOnlyWhileProbesAreLost() {
    assertThat(new TunnelScenario(4).finds(A, UDP_CHECKSUM_ERRORS, null).troubles()).isEmpty();
    assertThat(new TunnelScenario(4).finds(A, UDP_CHECKSUM_ERRORS, null).blocked(A).troubles())
        .isEqualTo(Map.of(UDP_CHECKSUM_ERRORS, List.of(At.node(A))));
    assertThat(new TunnelScenario(4).finds(A, UDP_CHECKSUM_ERRORS, null).blocked(B).troubles())
        .isEqualTo(Map.of(ENCAPSULATION_BLOCKED, List.of(At.node(B))));
  }

  @Test
  void aWrongMtuExplainsABlackHoleButNoLostTunnel() {
    assertThat(new TunnelScenario(4).finds(A, DEVICE_MTU_WRONG, null).narrow(A).troubles())
        .isEqualTo(Map.of(DEVICE_MTU_WRONG, List.of(At.node(A))));
    assertThat(new TunnelScenario(4).finds(A, DEVICE_MTU_WRONG, null).blocked(A).troubles())
        .isEqualTo(
            Map.of(
                DEVICE_MTU_WRONG, List.of(At.node(A)),
                ENCAPSULATION_BLOCKED, List.of(At.node(A))));
  }
}
