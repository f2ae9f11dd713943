package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How packets for a peer's pods leave the node, and how they should, with a backend that has a
 * route a peer.
 *
 * <p>Direct routing is decided once, when flannel learns of the peer, by whether its address is on
 * the node's own link (pkg/ip, DirectRouting). Where it is allowed, the way through the tunnel is
 * right, too: packets pass.
 *
 * @param route what the kernel takes for the peer's overlay address, if that is not merely the way
 *     of a wider route, such as the default's
 * @param exact whether that is the route for the peer's range itself, not one for a part of it
 * @param throughTunnel the hop through the tunnel; empty with host-gw
 * @param direct the hop to the peer's own address; empty where it must not be
 * @param deviceCarries whether the tunnel device is fit to have routes on it
 */
record PeerRoute(
    Optional<Route> route,
    boolean exact,
    Optional<Route.Hop> throughTunnel,
    Optional<Route.Hop> direct,
    boolean deviceCarries,
    Cidr subnet) {

  /**
   * Whether flannel routes to the peer at all: it ignores nodes of other backends, and vxlan's that
   * publish no MAC address.
   */
  static boolean concerns(Expected expected, Expected.Peer peer) {
    return !peer.otherBackend()
        && expected.backend().carriesEthernet() == peer.vtepMac().isPresent();
  }

  static PeerRoute of(
      Expected expected, KernelState state, RoutingTable routes, Expected.Peer peer) {
    Optional<Route> route =
        routes
            .to(Cidr.ofAddress(peer.subnet().base()))
            .filter(found -> found.destination().prefix() >= peer.subnet().prefix());
    Optional<Route.Hop> throughTunnel =
        expected
            .ipv4Tunnel()
            .map(
                tunnel ->
                    new Route.Hop(
                        Optional.of(
                            expected.backend().carriesEthernet()
                                ? Cidr.ofAddress(peer.subnet().base())
                                : peer.address()),
                        Optional.of(tunnel.name())));
    Optional<String> link =
        expected.backend().directRouting() ? routes.linkOf(peer.address()) : Optional.empty();
    Optional<Route.Hop> direct =
        link.map(device -> new Route.Hop(Optional.of(peer.address()), Optional.of(device)));
    // A copy of an old route carries packets while flannel changes the route: it is no wrong one.
    route =
        route.filter(
            found ->
                !found.isCopy()
                    || Stream.of(throughTunnel, direct)
                        .flatMap(Optional::stream)
                        .anyMatch(found.hops()::contains));
    return new PeerRoute(
        route,
        route.filter(found -> found.destination().equals(peer.subnet())).isPresent(),
        throughTunnel,
        direct,
        expected.ipv4Tunnel().filter(tunnel -> DeviceChecks.carries(tunnel, state)).isPresent(),
        peer.subnet());
  }

  /** Whether packets reach the peer that way. */
  boolean isRight() {
    return exact && (leadsBy(throughTunnel) || leadsBy(direct));
  }

  /** Whether there can be a right route: a device that is gone took its routes along. */
  boolean canBe() {
    return throughTunnel.isEmpty() || direct.isPresent() || deviceCarries;
  }

  /** Whether packets go through the tunnel, or would if the route were what it should be. */
  boolean isTunnelled() {
    return isRight() ? leadsBy(throughTunnel) : direct.isEmpty() && throughTunnel.isPresent();
  }

  /** The route as it should be. */
  String wanted() {
    return direct
        .or(() -> throughTunnel)
        .map(hop -> subnet + hop.toString())
        .orElse(
            subnet
                + " via the peer's address, which is on none of the node's own links: host-gw needs"
                + " all nodes on one L2");
  }

  private boolean leadsBy(Optional<Route.Hop> hop) {
    return route
        .filter(found -> found.type().equals(Route.UNICAST) && found.hops().size() == 1)
        .map(found -> found.hops().getFirst())
        .filter(found -> hop.equals(Optional.of(found)))
        .isPresent();
  }
}
