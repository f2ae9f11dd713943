package io.flannel.operator.report.path;

import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.api.FlannelNodeStatus.Route;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.AgentReport.Finding;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.BackendHostGw;
import io.flannel.operator.flannel.BackendIpip;
import io.flannel.operator.flannel.BackendVxlan;
import io.flannel.operator.flannel.BackendWireguard;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Lease;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.report.path.PacketPath.Hop;
import io.flannel.operator.report.path.PacketPath.Kind;
import io.flannel.operator.report.path.PacketPath.State;
import io.flannel.operator.report.path.PacketPath.Way;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Packets from pods on n1 (192.168.0.81, 10.244.1.0/24) to pods on n2 (.82, 10.244.2.0/24). */
class PathReportTest {
  private static final Backend VXLAN = new BackendVxlan(1, 8472, false, false);
  private static final Backend IPIP = new BackendIpip(false);
  private static final Backend WIREGUARD = new BackendWireguard(51820, 25, Optional.empty());

  private final Node n1 = new Node(1, 2);
  private final Node n2 = new Node(2, 1);

  @Test
  void throughAVxlanTunnel() {
    both(VXLAN);
    n1.route = new Route(null, "10.244.2.0", "flannel.1", true);
    PacketPath path = path(VXLAN);
    assertThat(path.works()).isTrue();
    assertThat(path.way()).isEqualTo(Way.TUNNEL);
    assertThat(path.reason()).isNull();
    assertThat(path.summary())
        .isEqualTo(
            "Packets from pods on n1 to pods on n2 pass through flannel.1, as UDP port 8472.");
    assertThat(drawn(path))
        .containsExactly(
            "pod n1 a pod on n1 10.244.1.2 1450 [IPv4 10.244.1.2 → 10.244.2.2, ttl 64]",
            "bridge n1 cni0 10.244.1.1/24 1450 [IPv4 10.244.1.2 → 10.244.2.2, ttl 64]",
            "route n1 route - - [IPv4 10.244.1.2 → 10.244.2.2, ttl 63]",
            "tunnel n1 flannel.1 10.244.1.0/32 1450 [Ethernet 12:c6:65:89:b4:01 →"
                + " 12:c6:65:89:b4:02, IPv4 10.244.1.2 → 10.244.2.2, ttl 63]",
            "nic n1 eth0 192.168.0.81/24 1500 " + VXLAN_ON_WIRE,
            "wire - 192.168.0.81 → 192.168.0.82 - - " + VXLAN_ON_WIRE,
            "nic n2 eth0 192.168.0.82/24 1500 " + VXLAN_ON_WIRE,
            "tunnel n2 flannel.1 10.244.2.0/32 1450 [Ethernet 12:c6:65:89:b4:01 →"
                + " 12:c6:65:89:b4:02, IPv4 10.244.1.2 → 10.244.2.2, ttl 63]",
            "bridge n2 cni0 10.244.2.1/24 1450 [IPv4 10.244.1.2 → 10.244.2.2, ttl 62]",
            "pod n2 a pod on n2 10.244.2.2 1450 [IPv4 10.244.1.2 → 10.244.2.2, ttl 62]");
    assertThat(hop(path, Kind.ROUTE, false).detail())
        .isEqualTo("10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink");
    assertThat(hop(path, Kind.WIRE, false).detail()).contains("UDP port 8472");
    assertThat(path.hops()).extracting(Hop::state).containsOnly(State.OK);
  }

  private static final String VXLAN_ON_WIRE =
      "[IPv4 192.168.0.81 → 192.168.0.82, UDP to port 8472, VXLAN, VNI 1, Ethernet"
          + " 12:c6:65:89:b4:01 → 12:c6:65:89:b4:02, IPv4 10.244.1.2 → 10.244.2.2, ttl 63]";

  @Test
  void throughAnIpipTunnel() {
    both(IPIP);
    PacketPath path = path(IPIP);
    assertThat(path.works()).isTrue();
    assertThat(path.backend()).isEqualTo("ipip");
    assertThat(hop(path, Kind.ROUTE, false).detail())
        .isEqualTo("10.244.2.0/24 via 192.168.0.82 dev flannel.ipip onlink");
    assertThat(hop(path, Kind.TUNNEL, false).headers())
        .containsExactly("IPv4 10.244.1.2 → 10.244.2.2, ttl 63");
    assertThat(hop(path, Kind.WIRE, false).headers())
        .containsExactly(
            "IPv4 192.168.0.81 → 192.168.0.82, protocol 4", "IPv4 10.244.1.2 → 10.244.2.2, ttl 63");
    assertThat(hop(path, Kind.WIRE, false).detail()).contains("IP protocol 4");
  }

  @Test
  void directlyWithHostGw() {
    both(new BackendHostGw());
    n1.route = new Route(null, "192.168.0.82", "eth0", null);
    PacketPath path = path(new BackendHostGw());
    assertThat(path.works()).isTrue();
    assertThat(path.way()).isEqualTo(Way.DIRECT);
    assertThat(path.hops())
        .extracting(Hop::kind)
        .containsExactly(
            Kind.POD,
            Kind.BRIDGE,
            Kind.ROUTE,
            Kind.NIC,
            Kind.WIRE,
            Kind.NIC,
            Kind.BRIDGE,
            Kind.POD);
    assertThat(hop(path, Kind.WIRE, false).headers())
        .containsExactly("IPv4 10.244.1.2 → 10.244.2.2, ttl 63");
    assertThat(hop(path, Kind.ROUTE, false).detail())
        .isEqualTo("10.244.2.0/24 via 192.168.0.82 dev eth0");
  }

  @Test
  void throughWireguardByTheNetworksOneRoute() {
    both(WIREGUARD);
    n1.route = new Route("10.244.0.0/16", null, "flannel-wg", null);
    PacketPath path = path(WIREGUARD);
    assertThat(path.works()).isTrue();
    assertThat(hop(path, Kind.ROUTE, false))
        .satisfies(
            route -> {
              assertThat(route.detail()).isEqualTo("10.244.0.0/16 dev flannel-wg");
              assertThat(route.state()).isEqualTo(State.OK);
            });
    assertThat(hop(path, Kind.NIC, false).headers())
        .containsExactly(
            "IPv4 192.168.0.81 → 192.168.0.82, UDP to port 51820",
            "WireGuard, what follows is encrypted",
            "IPv4 10.244.1.2 → 10.244.2.2, ttl 63");
  }

  @Test
  void directRoutingShowsInTheRoute() {
    Backend direct = new BackendVxlan(1, 8472, false, true);
    both(direct);
    n1.route = new Route(null, "192.168.0.82", "eth0", null);
    assertThat(path(direct).way()).isEqualTo(Way.DIRECT);
    assertThat(path(direct).backend()).isEqualTo("vxlan");
    n1.route = new Route(null, "10.244.2.0", "flannel.1", true);
    assertThat(path(direct).way()).isEqualTo(Way.TUNNEL);
  }

  @Test
  void inARolloutTheRouteTellsWhatCarriesThePackets() {
    both(VXLAN);
    n1.route = new Route(null, "192.168.0.82", "flannel.ipip", true);
    PacketPath path = path(VXLAN);
    assertThat(path.backend()).isEqualTo("ipip");
    assertThat(hop(path, Kind.TUNNEL, false))
        .satisfies(
            tunnel -> {
              assertThat(tunnel.title()).isEqualTo("flannel.ipip");
              assertThat(tunnel.state()).isEqualTo(State.UNKNOWN);
            });
  }

  @Test
  void aDeviceThatIsDownBreaksItThereAndTookTheRouteAlong() {
    both(IPIP);
    n1.route = new Route("0.0.0.0/0", "192.168.0.1", "eth0", null);
    n1.finds(NodeFault.DEVICE_DOWN, "flannel.ipip is down; it should be up", null);
    n1.state = PathState.TUNNEL_LOST;
    PacketPath path = path(IPIP);
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
    both(IPIP);
    n2.finds(NodeFault.DEVICE_MISSING, "there is no device flannel.ipip", null);
    n1.finds(NodeFault.ROUTE_MISSING, "there is no route to n2's pods", "n2");
    n1.route = null;
    PacketPath path = path(IPIP);
    assertThat(path.reason()).isEqualTo("RouteMissing");
    assertThat(broken(path)).containsExactly("route n1", "tunnel n2");
  }

  @Test
  void whatConcernsOtherPeersDoesNotBreakIt() {
    both(IPIP);
    n1.finds(NodeFault.ROUTE_MISSING, "there is no route to n3's pods", "n3");
    n1.finds(NodeFault.ROUTE_STALE, "there is a route to nobody", null);
    assertThat(path(IPIP).works()).isTrue();
    assertThat(broken(path(IPIP))).isEmpty();
  }

  @Test
  void answersThatGetLostAreToldAsSuch() {
    both(IPIP);
    n2.finds(NodeFault.ROUTE_WRONG, "the route to n1's pods is another", "n1");
    PacketPath path = path(IPIP);
    assertThat(path.works()).isFalse();
    assertThat(path.summary()).endsWith("get lost on their way back, at n2: RouteWrong.");
    assertThat(hop(path, Kind.POD, true).note()).startsWith("the answers get lost here");
  }

  @Test
  void whatTheProbesLoseWithoutAFaultOnTheNodesIsLostBetweenThem() {
    both(IPIP);
    n1.state = PathState.TUNNEL_LOST;
    n2.state = PathState.TUNNEL_LOST;
    PacketPath path = path(IPIP);
    assertThat(path.works()).isFalse();
    assertThat(path.reason()).isEqualTo("EncapsulationBlocked");
    assertThat(path.remedy()).contains("IP protocol 4");
    assertThat(broken(path)).containsExactly("wire -");
    assertThat(path.summary()).contains("between the nodes");
  }

  @Test
  void fullSizedPacketsThatGetLostAreABreakAndALossIsNone() {
    both(VXLAN);
    n2.state = PathState.FULL_SIZE_LOST;
    assertThat(path(VXLAN).works()).isFalse();
    assertThat(path(VXLAN).reason()).isEqualTo("MTUBlackHole");
    n2.state = PathState.LOSSY;
    assertThat(path(VXLAN).works()).isTrue();
    assertThat(path(VXLAN).reason()).isEqualTo("PacketLoss");
    assertThat(path(VXLAN).summary()).endsWith("but not all of them.");
    assertThat(broken(path(VXLAN))).isEmpty();
  }

  @Test
  void someFaultsCountOnlyWhileProbesAreLost() {
    both(VXLAN);
    n2.finds(NodeFault.REVERSE_PATH_FILTER_STRICT, "3 packets were dropped", null);
    assertThat(path(VXLAN).works()).isTrue();
    n1.state = PathState.TUNNEL_LOST;
    assertThat(path(VXLAN).reason()).isEqualTo("ReversePathFilterStrict");
    assertThat(broken(path(VXLAN))).containsExactly("tunnel n2");
  }

  @Test
  void podsAreCutOffWhereNothingIsForwardedThoughProbesPass() {
    both(IPIP);
    n1.finds(NodeFault.IP_FORWARDING_OFF, "net.ipv4.ip_forward is 0", null);
    assertThat(broken(path(IPIP))).containsExactly("route n1");
  }

  @Test
  void aNodeWithoutALeaseIsTold() {
    both(IPIP);
    n2.problem = LeaseProblem.NOT_REGISTERED;
    n1.state = PathState.UNMEASURED;
    n2.state = PathState.UNMEASURED;
    PacketPath path = path(IPIP);
    assertThat(path.works()).isFalse();
    assertThat(path.reason()).isEqualTo("NotRegistered");
    assertThat(path.message()).startsWith("node n2 has not been registered");
  }

  @Test
  void withoutProbesItIsNotKnown() {
    both(IPIP);
    n1.state = PathState.UNMEASURED;
    n2.state = PathState.UNMEASURED;
    PacketPath path = path(IPIP);
    assertThat(path.works()).isNull();
    assertThat(path.summary()).endsWith("the two nodes do not probe each other.");
    assertThat(path.reason()).isNull();
  }

  @Test
  void ofASilentAgentsNodeNothingIsKnown() {
    both(IPIP);
    n2.silent = true;
    n1.state = PathState.SILENT;
    PacketPath path = path(IPIP);
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

  @Test
  void ipv6HasAHopLimit() {
    n1.ipv6 = true;
    n2.ipv6 = true;
    both(VXLAN);
    n1.route = null;
    PacketPath path = path(VXLAN);
    assertThat(hop(path, Kind.POD, false).headers())
        .containsExactly("IPv6 fd00:10:244:1::2 → fd00:10:244:2::2, hop limit 64");
    assertThat(hop(path, Kind.TUNNEL, false).title()).isEqualTo("flannel-v6.1");
  }

  /** Whatever an agent finds, there is a place for it that the packet passes, or none. */
  @ParameterizedTest
  @EnumSource(NodeFault.class)
  void everyFaultThatCutsBreaksThePathItLiesOn(NodeFault fault) {
    both(IPIP);
    n1.state = PathState.TUNNEL_LOST;
    n1.finds(fault, "seen", fault.scope() == NodeFault.Scope.PEER ? "n2" : null);
    PacketPath path = path(IPIP);
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

  private void both(Backend backend) {
    n1.run(backend);
    n2.run(backend);
  }

  private PacketPath path(Backend inForce) {
    return PathReport.of(n1.end(), n2.end(), List.of(inForce), Optional.empty());
  }

  private static Hop hop(PacketPath path, Kind kind, boolean far) {
    List<Hop> all = path.hops().stream().filter(hop -> hop.kind() == kind).toList();
    return far ? all.getLast() : all.getFirst();
  }

  private static List<String> broken(PacketPath path) {
    return path.hops().stream()
        .filter(hop -> hop.state() == State.BROKEN)
        .map(hop -> hop.kind().name().toLowerCase(java.util.Locale.ROOT) + " " + or(hop.node()))
        .toList();
  }

  private static List<String> drawn(PacketPath path) {
    return path.hops().stream()
        .map(
            hop ->
                String.join(
                    " ",
                    hop.kind().name().toLowerCase(java.util.Locale.ROOT),
                    or(hop.node()),
                    hop.title(),
                    or(hop.address()),
                    or(hop.mtu()),
                    hop.headers().toString()))
        .toList();
  }

  private static String or(Object value) {
    return value == null ? "-" : value.toString();
  }

  /** A node and its agent. */
  private static final class Node {
    private final int number;
    private final int other;
    private final List<Finding> findings = new ArrayList<>();
    private Backend backend = IPIP;
    private PathState state = PathState.PASSES;
    private Route route;
    private LeaseProblem problem;
    private boolean silent;
    private boolean ipv6;

    Node(int number, int other) {
      this.number = number;
      this.other = other;
      route = new Route(null, "192.168.0.8" + other, "flannel.ipip", true);
    }

    void run(Backend which) {
      backend = which;
    }

    void finds(NodeFault fault, String seen, String peer) {
      findings.add(new Finding(fault, seen, Optional.ofNullable(peer)));
    }

    PathEndpoint end() {
      Nodes node = node("n" + number);
      String type = backend.type().wireName();
      if (ipv6) {
        node.podCidr("fd00:10:244:%d::/64".formatted(number))
            .leased(type, "0.0.0.0", "fd00:192:168::8" + number);
      } else {
        node.podCidr("10.244.%d.0/24".formatted(number)).leased(type, "192.168.0.8" + number);
      }
      if (backend instanceof BackendVxlan) {
        node.flannel(
            "backend-data", "{\"VNI\":1,\"VtepMAC\":\"12:c6:65:89:b4:0%d\"}".formatted(number));
      }
      var cluster = node.get();
      return PathEndpoint.of(
          new NodeLease(cluster, Lease.of(cluster), Optional.ofNullable(problem)),
          Optional.of(report()),
          silent);
    }

    private AgentReport report() {
      int mtu = 1500 - backend.overhead();
      return new Received(
          Duration.ofSeconds(3),
          Optional.empty(),
          Optional.empty(),
          false,
          backend
              .device(ipv6 ? Cidr.Family.IPV6 : Cidr.Family.IPV4)
              .map(
                  name ->
                      new Device(
                          name,
                          backend.type().wireName(),
                          true,
                          mtu,
                          "10.244.%d.0/32".formatted(number))),
          Optional.empty(),
          Optional.of(new Device("eth0", null, true, 1500, "192.168.0.8%d/24".formatted(number))),
          Optional.of(new Device("cni0", "bridge", true, mtu, "10.244.%d.1/24".formatted(number))),
          findings,
          List.of(
              new AgentReport.Path(
                  "n" + other,
                  Optional.empty(),
                  state,
                  Duration.ofMinutes(1),
                  true,
                  Optional.of(0),
                  Optional.of(400),
                  Optional.of(900),
                  Optional.ofNullable(route))));
    }
  }
}
