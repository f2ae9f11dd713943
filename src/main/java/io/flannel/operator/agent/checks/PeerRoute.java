package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How packets for a peer's pods leave the node, and how they should, with a backend that has one
 * route per peer.
 *
 * <p>flannel decides on direct routing once, when it learns of the peer, by whether the peer's
 * address is on the node's own link (pkg/ip, DirectRouting). Where direct routing is allowed, the
 * route through the tunnel is right, too: packets pass.
 *
 * @param route the kernel's route for the peer's overlay address, unless it is a wider one, such as
 *     the default route
 * @param exact whether it is for exactly the peer's range, not for a part of it
 * @param throughTunnel the hop through the tunnel; empty with host-gw
 * @param direct the hop to the peer's own address; empty if direct routing is not allowed or not
 *     possible
 * @param deviceCarries whether the tunnel device can have routes
 */
record PeerRoute(
    Optional<Route> route,
    boolean exact,
    Optional<Route.Hop> throughTunnel,
    Optional<Route.Hop> direct,
    boolean deviceCarries,
    Cidr subnet) {

  /**
   * Whether flannel routes to the peer: it ignores nodes with other backends, and vxlan nodes that
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
    // A copy of an old route carries packets while flannel changes the route, so it is not a wrong
    // route.
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

  /** Whether packets reach the peer by this route. */
  boolean isRight() {
    return exact && (leadsBy(throughTunnel) || leadsBy(direct));
  }

  /** Whether a right route can exist: a device that is gone took its routes with it. */
  boolean canBe() {
    return throughTunnel.isEmpty() || direct.isPresent() || deviceCarries;
  }

  /** Whether packets go through the tunnel, or would if the route were what it should be. */
  boolean isTunnelled() {
    return isRight() ? leadsBy(throughTunnel) : direct.isEmpty() && throughTunnel.isPresent();
  }

  /** The expected route, for messages. */
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
