package io.flannel.operator.agent.checks;

import static java.util.stream.Collectors.toSet;

import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Names;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Checks whether packets for each peer's pods leave the node by the right route. */
final class RouteChecks {
  private RouteChecks() {}

  static List<Finding> of(Expected expected, KernelState state) {
    var sightings = new ArrayList<Finding>();
    Optional<RoutingTable> routes = state.routes().value();
    if (routes.isPresent() && expected.ipv4Pods().isPresent()) {
      Cidr network = expected.ipv4Pods().get().network();
      if (expected.backend().routesWholeNetwork()) {
        throughWireguard(expected, state, network, routes.get(), sightings);
      } else {
        toPeers(expected, state, routes.get(), sightings);
      }
      stale(expected, network, routes.get()).ifPresent(sightings::add);
    }
    if (expected.backend().routesWholeNetwork()) {
      state.ipv6Routes().value().ifPresent(table -> ipv6Network(expected, state, table, sightings));
    }
    return sightings;
  }

  private static void toPeers(
      Expected expected, KernelState state, RoutingTable routes, List<Finding> sightings) {
    for (Expected.Peer peer : expected.peers()) {
      if (PeerRoute.concerns(expected, peer)) {
        PeerRoute way = PeerRoute.of(expected, state, routes, peer);
        boolean gone = way.route().isEmpty() && !way.canBe();
        if (!way.isRight() && !gone) {
          sightings.add(wrong(peer, way));
        }
      }
    }
  }

  private static Finding wrong(Expected.Peer peer, PeerRoute way) {
    String wanted = "it should be " + way.wanted();
    return way.route()
        .map(
            route ->
                Finding.ofPeer(
                    NodeFault.ROUTE_WRONG,
                    peer,
                    "the route to %s's pods is %s; %s".formatted(peer.name(), route, wanted)))
        .orElseGet(
            () ->
                Finding.ofPeer(
                    NodeFault.ROUTE_MISSING,
                    peer,
                    "there is no route to %s's pods in %s; %s"
                        .formatted(peer.name(), peer.subnet(), wanted)));
  }

  /**
   * WireGuard needs one route for the whole network; a narrower one diverts packets, unencrypted.
   * flannel's own left-overs are reported as such, and removed once no node needs them.
   */
  private static void throughWireguard(
      Expected expected,
      KernelState state,
      Cidr network,
      RoutingTable routes,
      List<Finding> sightings) {
    Optional<Expected.Tunnel> tunnel = expected.ipv4Tunnel();
    if (tunnel.isEmpty() || expected.peers().isEmpty()) {
      return;
    }
    if (!leadsInto(tunnel.get(), routes.exactly(network))) {
      networkRoute(tunnel.get(), state, network, routes, sightings);
      return;
    }
    Set<LeftOvers.Removal> leftOver = Set.copyOf(LeftOvers.plan(expected, state).removals());
    for (Expected.Peer peer : expected.peers()) {
      routes
          .to(Cidr.ofAddress(peer.subnet().base()))
          .filter(route -> route.destination().prefix() > network.prefix())
          .filter(route -> !leftOver.contains(new LeftOvers.RouteRemoval(route)))
          .ifPresent(
              route ->
                  sightings.add(
                      Finding.ofPeer(
                          NodeFault.ROUTE_WRONG,
                          peer,
                          "the route to %s's pods is %s; it should be %s dev %s"
                              .formatted(peer.name(), route, network, tunnel.get().name()))));
    }
  }

  private static void ipv6Network(
      Expected expected, KernelState state, RoutingTable routes, List<Finding> sightings) {
    for (Expected.Tunnel tunnel : expected.tunnels()) {
      for (Expected.PodRanges range : expected.pods()) {
        boolean ipv6 =
            tunnel.family() == Cidr.Family.IPV6 && range.network().family() == Cidr.Family.IPV6;
        // flannel adds the route when it learns of a peer.
        if (ipv6
            && !expected.peers().isEmpty()
            && !leadsInto(tunnel, routes.exactly(range.network()))) {
          networkRoute(tunnel, state, range.network(), routes, sightings);
        }
      }
    }
  }

  private static boolean leadsInto(Expected.Tunnel tunnel, Optional<Route> route) {
    return route
        .filter(found -> found.type().equals(Route.UNICAST) && found.hops().size() == 1)
        .flatMap(found -> found.hops().getFirst().device())
        .equals(Optional.of(tunnel.name()));
  }

  private static void networkRoute(
      Expected.Tunnel tunnel,
      KernelState state,
      Cidr network,
      RoutingTable routes,
      List<Finding> sightings) {
    if (DeviceChecks.carries(tunnel, state)) {
      sightings.add(
          Finding.ofNode(
              NodeFault.NETWORK_ROUTE_MISSING,
              "the route to %s is %s; it should be dev %s"
                  .formatted(
                      network,
                      routes.exactly(network).map(Route::toString).orElse("missing"),
                      tunnel.name())));
    }
  }

  /**
   * Finds routes through a gateway, inside the network, to no node's pods. A link of the node
   * itself in that range (such as a bridge of Docker) is a conflict, but not a left-over of
   * flannel.
   */
  private static Optional<Finding> stale(Expected expected, Cidr network, RoutingTable routes) {
    if (!expected.allPeers()) {
      return Optional.empty();
    }
    Set<Cidr> leased = expected.peers().stream().map(Expected.Peer::subnet).collect(toSet());
    List<String> stale =
        routes.routes().stream()
            .filter(route -> network.contains(route.destination()))
            .filter(route -> !route.destination().equals(network) && !route.isCopy())
            // Filter the usual case first: with many peers, the last filter is expensive.
            .filter(route -> !leased.contains(route.destination()))
            .filter(route -> route.hops().stream().anyMatch(hop -> hop.gateway().isPresent()))
            .filter(
                route ->
                    expected.pods().stream()
                        .noneMatch(own -> own.node().overlaps(route.destination())))
            .filter(
                route ->
                    expected.peers().stream()
                        .noneMatch(peer -> peer.subnet().overlaps(route.destination())))
            .map(Route::toString)
            .sorted()
            .toList();
    if (stale.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        Finding.ofNode(
            NodeFault.ROUTE_STALE,
            "there %s to no node's pods: %s; there should be none"
                .formatted(
                    stale.size() == 1 ? "is a route" : "are " + stale.size() + " routes",
                    Names.and(stale))));
  }
}
