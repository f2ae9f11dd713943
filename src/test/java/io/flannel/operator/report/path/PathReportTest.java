package io.flannel.operator.report.path;

import static io.flannel.operator.report.path.PathScenario.IPIP;
import static io.flannel.operator.report.path.PathScenario.VXLAN;
import static io.flannel.operator.report.path.PathScenario.WIREGUARD;
import static io.flannel.operator.report.path.PathScenario.hop;
import static io.flannel.operator.report.path.PathScenario.or;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNodeStatus.Route;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.BackendHostGw;
import io.flannel.operator.flannel.BackendVxlan;
import io.flannel.operator.report.path.PacketPath.Hop;
import io.flannel.operator.report.path.PacketPath.Kind;
import io.flannel.operator.report.path.PacketPath.State;
import io.flannel.operator.report.path.PacketPath.Way;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * Packets from pods on n1 (192.168.0.81, 10.244.1.0/24) to pods on n2 (.82, 10.244.2.0/24): each
 * kind of path.
 */
class PathReportTest {
  private final PathScenario lab = new PathScenario();
  private final SimulatedEnd n1 = lab.n1;
  private final SimulatedEnd n2 = lab.n2;

  @Test
  void throughAVxlanTunnel() {
    lab.both(VXLAN);
    n1.route = new Route(null, "10.244.2.0", "flannel.1", true);
    PacketPath path = lab.path(VXLAN);
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
    lab.both(IPIP);
    PacketPath path = lab.path(IPIP);
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
    lab.both(new BackendHostGw());
    n1.route = new Route(null, "192.168.0.82", "eth0", null);
    PacketPath path = lab.path(new BackendHostGw());
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
    lab.both(WIREGUARD);
    n1.route = new Route("10.244.0.0/16", null, "flannel-wg", null);
    PacketPath path = lab.path(WIREGUARD);
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
    lab.both(direct);
    n1.route = new Route(null, "192.168.0.82", "eth0", null);
    assertThat(lab.path(direct).way()).isEqualTo(Way.DIRECT);
    assertThat(lab.path(direct).backend()).isEqualTo("vxlan");
    n1.route = new Route(null, "10.244.2.0", "flannel.1", true);
    assertThat(lab.path(direct).way()).isEqualTo(Way.TUNNEL);
  }

  @Test
  void routeTellsWhatCarriesThePacketsInARollout() {
    lab.both(VXLAN);
    n1.route = new Route(null, "192.168.0.82", "flannel.ipip", true);
    PacketPath path = lab.path(VXLAN);
    assertThat(path.backend()).isEqualTo("ipip");
    assertThat(hop(path, Kind.TUNNEL, false))
        .satisfies(
            tunnel -> {
              assertThat(tunnel.title()).isEqualTo("flannel.ipip");
              assertThat(tunnel.state()).isEqualTo(State.UNKNOWN);
            });
  }

  @Test
  void ipv6HasAHopLimit() {
    n1.ipv6 = true;
    n2.ipv6 = true;
    lab.both(VXLAN);
    n1.route = null;
    PacketPath path = lab.path(VXLAN);
    assertThat(hop(path, Kind.POD, false).headers())
        .containsExactly("IPv6 fd00:10:244:1::2 → fd00:10:244:2::2, hop limit 64");
    assertThat(hop(path, Kind.TUNNEL, false).title()).isEqualTo("flannel-v6.1");
  }

  private static List<String> drawn(PacketPath path) {
    return path.hops().stream()
        .map(
            hop ->
                String.join(
                    " ",
                    hop.kind().name().toLowerCase(Locale.ROOT),
                    or(hop.node()),
                    hop.title(),
                    or(hop.address()),
                    or(hop.mtu()),
                    hop.headers().toString()))
        .toList();
  }
}
