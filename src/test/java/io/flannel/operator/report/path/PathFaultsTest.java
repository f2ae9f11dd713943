package io.flannel.operator.report.path;

import static io.flannel.operator.report.path.PathScenario.IPIP;
import static io.flannel.operator.report.path.PathScenario.VXLAN;
import static io.flannel.operator.report.path.PathScenario.broken;
import static io.flannel.operator.report.path.PathScenario.hop;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNodeStatus.Route;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.report.path.PacketPath.Kind;
import io.flannel.operator.report.path.PacketPath.State;
import io.flannel.operator.report.path.PacketPath.Way;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Packets from pods on n1 (192.168.0.81, 10.244.1.0/24) to pods on n2 (.82, 10.244.2.0/24): where
 * they get lost, and what is unknown.
 */
class PathFaultsTest {
  private final PathScenario lab = new PathScenario();
  private final SimulatedEnd n1 = lab.n1;
  private final SimulatedEnd n2 = lab.n2;

  @Test
  void aDeviceThatIsDownBreaksItThereAndTookTheRouteAlong() {
    lab.both(IPIP);
    n1.route = new Route("0.0.0.0/0", "192.168.0.1", "eth0", null);
    n1.finds(NodeFault.DEVICE_DOWN, "flannel.ipip is down; it should be up", null);
    n1.state = PathState.TUNNEL_LOST;
    PacketPath path = lab.path(IPIP);
    assertThat(path.works()).isFalse();
    assertThat(path.way()).isEqualTo(Way.TUNNEL);
    assertThat(path.reason()).isEqualTo("DeviceDown");
    assertThat(path.message()).startsWith("node n1 has its tunnel device down").contains("n1 says");
    assertThat(path.remedy()).isEqualTo(NodeFault.DEVICE_DOWN.remedy());
    assertThat(path.summary()).endsWith("get lost at flannel.ipip on n1: DeviceDown.");
    assertThat(broken(path)).containsExactly("tunnel n1");
    assertThat(hop(path, Kind.TUNNEL, false).note())
        .isEqualTo("flannel.ipip is down; it should be up");
    assertThat(hop(path, Kind.ROUTE, false))
        .satisfies(
            route -> {
              assertThat(route.detail()).isEqualTo("default via 192.168.0.1 dev eth0");
              assertThat(route.state()).isEqualTo(State.UNKNOWN);
            });
  }

  @Test
  void theFirstBreakThatPacketsMeetIsTold() {
    lab.both(IPIP);
    n2.finds(NodeFault.DEVICE_MISSING, "there is no device flannel.ipip", null);
    n1.finds(NodeFault.ROUTE_MISSING, "there is no route to n2's pods", "n2");
    n1.route = null;
    PacketPath path = lab.path(IPIP);
    assertThat(path.reason()).isEqualTo("RouteMissing");
    assertThat(broken(path)).containsExactly("route n1", "tunnel n2");
  }

  @Test
  void findingsOfOtherPeersDoNotBreakThePath() {
    lab.both(IPIP);
    n1.finds(NodeFault.ROUTE_MISSING, "there is no route to n3's pods", "n3");
    n1.finds(NodeFault.ROUTE_STALE, "there is a route to nobody", null);
    assertThat(lab.path(IPIP).works()).isTrue();
    assertThat(broken(lab.path(IPIP))).isEmpty();
  }

  @Test
  void answersThatGetLostAreToldAsSuch() {
    lab.both(IPIP);
    n2.finds(NodeFault.ROUTE_WRONG, "the route to n1's pods is another", "n1");
    PacketPath path = lab.path(IPIP);
    assertThat(path.works()).isFalse();
    assertThat(path.summary()).endsWith("get lost on their way back, at n2: RouteWrong.");
    assertThat(hop(path, Kind.POD, true).note()).startsWith("the answers get lost here");
  }

  @Test
  void whatTheProbesLoseWithoutAFaultOnTheNodesIsLostBetweenThem() {
    lab.both(IPIP);
    n1.state = PathState.TUNNEL_LOST;
    n2.state = PathState.TUNNEL_LOST;
    PacketPath path = lab.path(IPIP);
    assertThat(path.works()).isFalse();
    assertThat(path.reason()).isEqualTo("EncapsulationBlocked");
    assertThat(path.remedy()).contains("IP protocol 4");
    assertThat(broken(path)).containsExactly("wire -");
    assertThat(path.summary()).contains("between the nodes");
  }

  @Test
  void fullSizedPacketsThatGetLostAreABreakAndALossIsNone() {
    lab.both(VXLAN);
    n2.state = PathState.FULL_SIZE_LOST;
    assertThat(lab.path(VXLAN).works()).isFalse();
    assertThat(lab.path(VXLAN).reason()).isEqualTo("MTUBlackHole");
    n2.state = PathState.LOSSY;
    assertThat(lab.path(VXLAN).works()).isTrue();
    assertThat(lab.path(VXLAN).reason()).isEqualTo("PacketLoss");
    assertThat(lab.path(VXLAN).summary()).endsWith("but not all of them.");
    assertThat(broken(lab.path(VXLAN))).isEmpty();
  }

  @Test
  void faultsOfSomeKindsCountOnlyWhileProbesAreLost() {
    lab.both(VXLAN);
    n2.finds(NodeFault.REVERSE_PATH_FILTER_STRICT, "3 packets were dropped", null);
    assertThat(lab.path(VXLAN).works()).isTrue();
    n1.state = PathState.TUNNEL_LOST;
    assertThat(lab.path(VXLAN).reason()).isEqualTo("ReversePathFilterStrict");
    assertThat(broken(lab.path(VXLAN))).containsExactly("tunnel n2");
  }

  @Test
  void podsAreCutOffWhereNothingIsForwardedThoughProbesPass() {
    lab.both(IPIP);
    n1.finds(NodeFault.IP_FORWARDING_OFF, "net.ipv4.ip_forward is 0", null);
    assertThat(broken(lab.path(IPIP))).containsExactly("route n1");
  }

  @Test
  void aNodeWithoutALeaseIsTold() {
    lab.both(IPIP);
    n2.problem = LeaseProblem.NOT_REGISTERED;
    n1.state = PathState.UNMEASURED;
    n2.state = PathState.UNMEASURED;
    PacketPath path = lab.path(IPIP);
    assertThat(path.works()).isFalse();
    assertThat(path.reason()).isEqualTo("NotRegistered");
    assertThat(path.message()).startsWith("node n2 has not been registered");
  }

  @Test
  void stateWithoutProbesIsNotKnown() {
    lab.both(IPIP);
    n1.state = PathState.UNMEASURED;
    n2.state = PathState.UNMEASURED;
    PacketPath path = lab.path(IPIP);
    assertThat(path.works()).isNull();
    assertThat(path.summary()).endsWith("the two nodes do not probe each other.");
    assertThat(path.reason()).isNull();
  }

  @Test
  void silentAgentsNodeIsNotKnown() {
    lab.both(IPIP);
    n2.silent = true;
    n1.state = PathState.SILENT;
    PacketPath path = lab.path(IPIP);
    assertThat(path.works()).isNull();
    assertThat(path.summary()).endsWith("the agent of n2 says nothing.");
    assertThat(hop(path, Kind.NIC, true))
        .satisfies(
            nic -> {
              assertThat(nic.state()).isEqualTo(State.UNKNOWN);
              assertThat(nic.address()).isEqualTo("192.168.0.82");
              assertThat(nic.note()).isEqualTo("the agent of n2 says nothing");
            });
  }

  /** Each finding breaks a hop of the packet's path, or is harmless to the packet. */
  @ParameterizedTest
  @EnumSource(NodeFault.class)
  void everyFaultThatCutsBreaksThePathItLiesOn(NodeFault fault) {
    lab.both(IPIP);
    n1.state = PathState.TUNNEL_LOST;
    n1.finds(fault, "seen", fault.scope() == NodeFault.Scope.PEER ? "n2" : null);
    PacketPath path = lab.path(IPIP);
    assertThat(path.works()).isFalse();
    Set<NodeFault> harmless =
        EnumSet.of(
            NodeFault.ROUTE_STALE,
            NodeFault.LEFT_OVERS,
            NodeFault.SUBNET_ENV_MISSING,
            NodeFault.SUBNET_ENV_WRONG,
            NodeFault.BRIDGE_MTU_WRONG,
            NodeFault.CNI_CONFIG_MISSING,
            NodeFault.CHECKS_FAILED);
    assertThat(path.reason())
        .isEqualTo(harmless.contains(fault) ? "EncapsulationBlocked" : fault.reason());
  }
}
