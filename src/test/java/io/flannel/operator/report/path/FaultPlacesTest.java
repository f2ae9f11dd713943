package io.flannel.operator.report.path;

import static io.flannel.operator.report.path.PathScenario.IPIP;
import static io.flannel.operator.report.path.PathScenario.VXLAN;
import static io.flannel.operator.report.path.PathScenario.broken;
import static io.flannel.operator.report.path.PathScenario.hop;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNodeStatus.Route;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.health.TunnelIssue;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.Between;
import io.flannel.operator.decide.health.TunnelIssue.OneWay;
import io.flannel.operator.decide.health.TunnelIssue.Place;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.BackendHostGw;
import io.flannel.operator.report.path.PacketPath.Hop;
import io.flannel.operator.report.path.PacketPath.Kind;
import io.flannel.operator.report.path.PacketPath.State;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** At which hop a fault is shown, and whether packets or their answers get lost there. */
class FaultPlacesTest {
  private final PathScenario lab = new PathScenario();
  private final SimulatedEnd n1 = lab.n1;
  private final SimulatedEnd n2 = lab.n2;

  /** What only sends matters to the sender, and what only receives to the receiver. */
  @ParameterizedTest
  @CsvSource({
    "n1, DEVICE_MTU_WRONG, tunnel n1, 'at flannel.1 on n1'",
    "n2, DEVICE_MTU_WRONG, tunnel n2, 'at flannel.1 on n2'",
    "n1, FDB_MISSING, tunnel n1, 'at flannel.1 on n1'",
    "n2, FDB_MISSING, tunnel n2, 'on their way back, at n2'",
    "n1, ROUTE_MISSING, route n1, 'at route on n1'",
    "n2, ROUTE_MISSING, pod n2, 'on their way back, at n2'",
    "n1, RIVAL_DEVICE, tunnel n1, 'on their way back, at n1'",
    "n2, RIVAL_DEVICE, tunnel n2, 'at flannel.1 on n2'",
    "n1, REVERSE_PATH_FILTER_STRICT, tunnel n1, 'on their way back, at n1'",
    "n2, REVERSE_PATH_FILTER_STRICT, tunnel n2, 'at flannel.1 on n2'",
    "n1, UDP_CHECKSUM_ERRORS, nic n1, 'on their way back, at n1'",
    "n2, UDP_CHECKSUM_ERRORS, nic n2, 'at eth0 on n2'",
    "n1, IP_FORWARDING_OFF, route n1, 'at route on n1'",
    "n2, IP_FORWARDING_OFF, bridge n2, 'at cni0 on n2'",
    "n1, BRIDGE_ADDRESS_WRONG, bridge n1, 'at cni0 on n1'",
    "n2, BRIDGE_ADDRESS_WRONG, bridge n2, 'at cni0 on n2'"
  })
  void aFaultThatCutsBreaksItsHop(String node, NodeFault fault, String hop, String where) {
    lab.both(VXLAN);
    n1.route = new Route(null, "10.244.2.0", "flannel.1", true);
    n1.state = PathState.TUNNEL_LOST;
    finds(node, fault);
    PacketPath path = lab.path(VXLAN);
    assertThat(broken(path)).containsExactly(hop);
    assertThat(path.summary()).endsWith(" get lost %s: %s.".formatted(where, fault.reason()));
    assertThat(path.works()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "n1, SUBNET_ENV_MISSING, POD",
    "n2, SUBNET_ENV_WRONG, POD",
    "n1, CNI_CONFIG_MISSING, POD",
    "n2, BRIDGE_MTU_WRONG, BRIDGE"
  })
  void aFaultThatLosesNoPacketsIsANote(String node, NodeFault fault, Kind kind) {
    lab.both(IPIP);
    finds(node, fault);
    PacketPath path = lab.path(IPIP);
    assertThat(path.works()).isTrue();
    assertThat(path.reason()).isNull();
    Hop hop = hop(path, kind, node.equals("n2"));
    assertThat(hop.state()).isEqualTo(State.OK);
    assertThat(hop.note())
        .isEqualTo("node %s %s; %s says: seen".formatted(node, fault.message(), node));
  }

  @ParameterizedTest
  @CsvSource({"ROUTE_STALE", "LEFT_OVERS", "CHECKS_FAILED"})
  void aFaultThatConcernsNoPacketIsNotShown(NodeFault fault) {
    lab.both(IPIP);
    finds("n1", fault);
    assertThat(lab.path(IPIP).hops()).extracting(Hop::note).containsOnlyNulls();
  }

  @Test
  void withoutEncapsulationTheNicFiltersAndATunnelsFaultsDoNotMatter() {
    lab.both(new BackendHostGw());
    n1.route = new Route(null, "192.168.0.82", "eth0", null);
    finds("n1", NodeFault.DEVICE_MISSING);
    assertThat(broken(lab.path(new BackendHostGw()))).isEmpty();
    n1.state = PathState.TUNNEL_LOST;
    finds("n2", NodeFault.REVERSE_PATH_FILTER_STRICT);
    assertThat(broken(lab.path(new BackendHostGw()))).containsExactly("nic n2");
    assertThat(lab.path(new BackendHostGw()).summary())
        .endsWith("get lost at eth0 on n2: ReversePathFilterStrict.");
  }

  @Test
  void theWayThereIsToldBeforeTheWayBackAndACutBeforeANote() {
    lab.both(IPIP);
    n1.state = PathState.TUNNEL_LOST;
    finds("n1", NodeFault.SUBNET_ENV_MISSING);
    finds("n1", NodeFault.RIVAL_DEVICE);
    finds("n2", NodeFault.DEVICE_DOWN);
    PacketPath path = lab.path(IPIP);
    assertThat(path.reason()).isEqualTo("DeviceDown");
    assertThat(broken(path)).containsExactly("tunnel n1", "tunnel n2");
    assertThat(hop(path, Kind.TUNNEL, false).note())
        .startsWith("the answers get lost here: node n1 has another ipip device");
  }

  @Test
  void ofTwoFaultsAtAHopTheFirstIsNoted() {
    lab.both(IPIP);
    n1.state = PathState.TUNNEL_LOST;
    n1.finds(NodeFault.DEVICE_DOWN, "it is down", null);
    n1.finds(NodeFault.DEVICE_MTU_WRONG, "it is 1400", null);
    assertThat(hop(lab.path(IPIP), Kind.TUNNEL, false).note()).isEqualTo("it is down");
  }

  @Test
  void aFaultWithoutWordsOfItsAgentHasNone() {
    lab.both(IPIP);
    n1.state = PathState.TUNNEL_LOST;
    n1.finds(NodeFault.DEVICE_DOWN, "", null);
    PacketPath path = lab.path(IPIP);
    assertThat(path.message()).isEqualTo("node n1 " + NodeFault.DEVICE_DOWN.message());
    assertThat(hop(path, Kind.TUNNEL, false).note()).isNull();
    n2.finds(NodeFault.ROUTE_WRONG, "", "n1");
    assertThat(hop(lab.path(IPIP), Kind.POD, true).note())
        .startsWith("the answers get lost here: node n2 has a route");
  }

  @Test
  void answersThatGetLostForACauseWithoutWordsAreToldSo() {
    lab.both(IPIP);
    n2.finds(NodeFault.ROUTE_WRONG, "", "n1");
    assertThat(hop(lab.path(IPIP), Kind.POD, true).note()).isEqualTo("the answers get lost here");
  }

  @ParameterizedTest
  @CsvSource({
    "n1, NOT_REGISTERED, route n1",
    "n2, NO_PUBLIC_IP, route n1",
    "n1, DUPLICATE_PUBLIC_IP, wire -"
  })
  void aNodeWithoutAValidLeaseHasNoPath(String node, LeaseProblem problem, String hop) {
    lab.both(IPIP);
    (node.equals("n1") ? n1 : n2).problem = problem;
    PacketPath path = lab.path(IPIP);
    assertThat(broken(path)).containsExactly(hop);
    assertThat(path.remedy()).isEqualTo(problem.remedy());
  }

  @Test
  void theOldBackendsLeftOversStillCarryPackets() {
    lab.both(IPIP);
    n2.problem = LeaseProblem.OTHER_BACKEND;
    PacketPath path = lab.path(IPIP);
    assertThat(path.works()).isTrue();
    assertThat(path.reason()).isNull();
    assertThat(hop(path, Kind.ROUTE, false).note())
        .startsWith("node n2 still publishes another backend's lease");
  }

  /** A problem in the status is told if it can explain what the probes see now. */
  @ParameterizedTest
  @CsvSource({
    "TUNNEL_LOST, PUBLIC_IP_WRONG, PublicIPWrong",
    "TUNNEL_LOST, NODE_UNREACHABLE, NodeUnreachable",
    "TUNNEL_LOST, MTU_BLACK_HOLE, EncapsulationBlocked",
    "UNREACHABLE, PACKET_LOSS, NodeUnreachable",
    "SILENT, ENCAPSULATION_BLOCKED, EncapsulationBlocked",
    "SILENT, AGENT_SILENT, ",
    "FULL_SIZE_LOST, MTU_BLACK_HOLE, MTUBlackHole",
    "FULL_SIZE_LOST, PUBLIC_IP_WRONG, MTUBlackHole",
    "LOSSY, PACKET_LOSS, PacketLoss",
    "PASSES, PACKET_LOSS, "
  })
  void aProblemThatFitsWhatProbesSeeExplainsThem(
      PathState state, TunnelProblem problem, String reason) {
    lab.both(IPIP);
    n1.state = state;
    assertThat(lab.path(IPIP, verdicts(problem, new At("n2", Optional.empty()))).reason())
        .isEqualTo(reason);
  }

  @Test
  void aProblemOfOtherNodesDoesNotExplainIt() {
    lab.both(IPIP);
    n1.state = PathState.TUNNEL_LOST;
    for (Place place :
        List.of(new At("n3", Optional.empty()), new Between("n1", "n3"), new Between("n2", "n3"))) {
      assertThat(lab.path(IPIP, verdicts(TunnelProblem.PUBLIC_IP_WRONG, place)).reason())
          .isEqualTo("EncapsulationBlocked");
    }
    assertThat(
            lab.path(IPIP, verdicts(TunnelProblem.PUBLIC_IP_WRONG, new Between("n1", "n2")))
                .reason())
        .isEqualTo("PublicIPWrong");
    assertThat(
            lab.path(IPIP, verdicts(TunnelProblem.PUBLIC_IP_WRONG, new OneWay("n1", "n2")))
                .reason())
        .isEqualTo("PublicIPWrong");
    assertThat(
            lab.path(IPIP, verdicts(NodeFault.ROUTE_STALE, new At("n1", Optional.empty())))
                .reason())
        .isEqualTo("EncapsulationBlocked");
  }

  private void finds(String node, NodeFault fault) {
    boolean near = node.equals("n1");
    (near ? n1 : n2)
        .finds(fault, "seen", fault.scope() == NodeFault.Scope.PEER ? (near ? "n2" : "n1") : null);
  }

  private static Optional<TunnelVerdicts> verdicts(ProblemReason cause, Place place) {
    return Optional.of(
        new TunnelVerdicts(
            new TreeMap<>(),
            List.of(new TunnelIssue(cause, List.of(place), "")),
            Set.of(),
            Optional.empty()));
  }
}
