package io.flannel.operator.report.path;

import static io.flannel.operator.flannel.Nodes.node;
import static io.flannel.operator.report.path.PathScenario.IPIP;
import static io.flannel.operator.report.path.PathScenario.VXLAN;
import static io.flannel.operator.report.path.PathScenario.hop;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.flannel.operator.api.FlannelNodeStatus.Route;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.AgentReport.Awaited;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.BackendHostGw;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.report.path.PacketPath.Hop;
import io.flannel.operator.report.path.PacketPath.Kind;
import io.flannel.operator.report.path.PacketPath.State;
import io.flannel.operator.report.path.PacketPath.Way;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the hops of a path say, also where little is known. */
class PathDetailsTest {
  private final PathScenario lab = new PathScenario();
  private final SimulatedEnd n1 = lab.n1;
  private final SimulatedEnd n2 = lab.n2;

  @Test
  void devicesThatAreNotReportedAreUnknown() {
    lab.both(VXLAN);
    n1.withoutDevices = true;
    assertThat(lab.path(VXLAN).hops().subList(1, 5))
        .extracting(Hop::kind, Hop::title, Hop::device, Hop::address, Hop::state, Hop::note)
        .contains(
            tuple(
                Kind.BRIDGE,
                "cni0",
                null,
                null,
                State.UNKNOWN,
                "there is no cni0 yet: the node's first pod on the network makes it"),
            tuple(
                Kind.TUNNEL,
                "flannel.ipip",
                null,
                null,
                State.UNKNOWN,
                "flannel.ipip is not reported"),
            tuple(
                Kind.NIC,
                "NIC",
                null,
                "192.168.0.81",
                State.UNKNOWN,
                "no device has the public IP 192.168.0.81"));
  }

  @Test
  void aPodsHopSaysWhichAddressesPodsHave() {
    lab.both(IPIP);
    assertThat(hop(lab.path(IPIP), Kind.POD, false).detail()).isEqualTo("one of 10.244.1.0/24");
    assertThat(hop(lab.path(IPIP), Kind.POD, true).detail()).isEqualTo("one of 10.244.2.0/24");
  }

  @Test
  void aRouteThatIsNotFlannelsIsUnknown() {
    lab.both(IPIP);
    n1.route = new Route("10.0.0.0/8", "192.168.0.1", "eth0", null);
    assertThat(lab.path(IPIP).way()).isEqualTo(Way.TUNNEL);
    assertThat(hop(lab.path(IPIP), Kind.ROUTE, false))
        .satisfies(
            route -> {
              assertThat(route.detail()).isEqualTo("10.0.0.0/8 via 192.168.0.1 dev eth0");
              assertThat(route.device()).isEqualTo("eth0");
              assertThat(route.state()).isEqualTo(State.UNKNOWN);
              assertThat(route.note()).isEqualTo("it is no route of flannel's to n2's pods");
            });
    n1.route = new Route(null, null, null, null);
    assertThat(hop(lab.path(IPIP), Kind.ROUTE, false))
        .satisfies(
            route -> {
              assertThat(route.detail()).isEqualTo("10.244.2.0/24 leads nowhere");
              assertThat(route.state()).isEqualTo(State.UNKNOWN);
            });
  }

  @Test
  void aRouteThatIsNotReportedIsUnknown() {
    lab.both(IPIP);
    n1.route = null;
    assertThat(hop(lab.path(IPIP), Kind.ROUTE, false))
        .extracting(Hop::detail, Hop::device, Hop::state, Hop::note)
        .containsExactly(null, null, State.UNKNOWN, "no route to n2's pods is reported");
    n1.silent = true;
    assertThat(hop(lab.path(IPIP), Kind.ROUTE, false).note())
        .isEqualTo("the agent of n1 says nothing");
    assertThat(lab.path(IPIP).way()).isEqualTo(Way.TUNNEL);
  }

  @Test
  void aRouteThroughTheNicIsDirectUnlessTheAgentFindsItWrong() {
    lab.both(IPIP);
    n1.route = new Route(null, "192.168.0.82", "eth0", null);
    PacketPath path = lab.path(IPIP);
    assertThat(path.way()).isEqualTo(Way.DIRECT);
    assertThat(path.summary()).endsWith(" pass directly, without encapsulation.");
    assertThat(hop(path, Kind.ROUTE, false).state()).isEqualTo(State.OK);
    assertThat(hop(path, Kind.WIRE, false).detail())
        .isEqualTo("everything between the nodes must let packets of pods' addresses pass");
    n1.finds(NodeFault.ROUTE_STALE, "it leads to nobody", null);
    assertThat(lab.path(IPIP).way()).isEqualTo(Way.DIRECT);
    n1.finds(NodeFault.ROUTE_WRONG, "it leads elsewhere", "n2");
    assertThat(lab.path(IPIP).way()).isEqualTo(Way.TUNNEL);
    assertThat(hop(lab.path(IPIP), Kind.WIRE, false).detail())
        .isEqualTo("everything between the nodes must let IP protocol 4 pass");
  }

  @Test
  void withoutARouteTheSendersOwnBackendCarriesThePackets() {
    n1.run(VXLAN);
    n2.run(IPIP);
    n1.route = null;
    assertThat(lab.path(IPIP).backend()).isEqualTo("vxlan");
    n1.run(new BackendHostGw());
    assertThat(lab.path(IPIP).way()).isEqualTo(Way.DIRECT);
  }

  @Test
  void ipv4IsShownWhereBothFamiliesAreThere() {
    lab.both(VXLAN);
    n1.dualStack = true;
    n2.dualStack = true;
    assertThat(hop(lab.path(VXLAN), Kind.POD, false).address()).isEqualTo("10.244.1.2");
  }

  @Test
  void aDeviceThatPublishesNoMacIsNamedByItsNode() {
    lab.both(VXLAN);
    n1.ipv6 = true;
    n2.ipv6 = true;
    n1.route = null;
    assertThat(hop(lab.path(VXLAN), Kind.TUNNEL, false).headers())
        .first()
        .isEqualTo("Ethernet n1's vxlan device → n2's vxlan device");
    assertThat(hop(lab.path(VXLAN), Kind.WIRE, false).title())
        .isEqualTo("fd00:192:168::81 → fd00:192:168::82");
  }

  @Test
  void whereAnAgentDoesNotAnswerItIsNotKnownWhetherPacketsPass() {
    lab.both(IPIP);
    n2.state = PathState.SILENT;
    PacketPath path = lab.path(IPIP);
    assertThat(path.works()).isNull();
    assertThat(path.summary())
        .isEqualTo(
            "Packets from pods on n1 to pods on n2 travel through flannel.ipip, as IP protocol 4;"
                + " nothing is found wrong, but whether they pass is not known: the agent of one"
                + " of them does not answer.");
  }

  @Test
  void aNodeOfWhichNothingIsKnownIsCalledByItsName() {
    PathEndpoint end = PathEndpoint.of(unregistered(), Optional.empty(), false);
    assertThat(end.underlay(Cidr.Family.IPV4)).isEqualTo("n9");
    assertThat(end.podAddress(Cidr.Family.IPV4)).isEqualTo("a pod's address");
    assertThat(end.vtepMac(Cidr.Family.IPV4)).isEmpty();
    assertThat(end.backendType()).isEmpty();
  }

  @Test
  void onlyACurrentReportCounts() {
    Received fresh = report(Duration.ofMinutes(1));
    assertThat(PathEndpoint.of(unregistered(), Optional.of(fresh), false).report()).contains(fresh);
    assertThat(PathEndpoint.of(unregistered(), Optional.of(fresh), true).report()).isEmpty();
    assertThat(
            PathEndpoint.of(unregistered(), Optional.of(report(Duration.ofHours(1))), false)
                .report())
        .isEmpty();
    assertThat(
            PathEndpoint.of(unregistered(), Optional.of(new Awaited(Duration.ZERO)), false)
                .report())
        .isEmpty();
  }

  @Test
  void onlyThePathToTheOtherNodeCounts() {
    Received report =
        report(Duration.ZERO, path("n3", PathState.LOSSY), path("n9", PathState.PASSES));
    PathEndpoint end = PathEndpoint.of(unregistered(), Optional.of(report), false);
    assertThat(end.toward(end).map(AgentReport.Path::state)).contains(PathState.PASSES);
  }

  private static AgentReport.Path path(String peer, PathState state) {
    return new AgentReport.Path(
        peer,
        Optional.empty(),
        state,
        Duration.ZERO,
        true,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static NodeLease unregistered() {
    return new NodeLease(node("n9").get(), Optional.empty(), Optional.empty());
  }

  private static Received report(Duration age, AgentReport.Path... paths) {
    return new Received(
        age,
        Optional.empty(),
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        List.of(paths));
  }
}
