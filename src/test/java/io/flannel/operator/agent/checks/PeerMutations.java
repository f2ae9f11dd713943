package io.flannel.operator.agent.checks;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Optional;

/** Faults in what flannel programs for peers, and left-overs. */
final class PeerMutations {
  private PeerMutations() {}

  static List<Mutation> all() {
    return List.of(
        new Mutation(
            "route deleted",
            NodeFault.ROUTE_MISSING,
            PeerMutations::hasPeerRoutes,
            node -> node.removeRoute("10.244.2.0/24")),
        new Mutation(
            "route to another gateway",
            NodeFault.ROUTE_WRONG,
            PeerMutations::hasPeerRoutes,
            node -> reroute(node, "192.168.0.250")),
        new Mutation(
            "route that drops",
            NodeFault.ROUTE_WRONG,
            PeerMutations::hasPeerRoutes,
            node -> {
              node.removeRoute("10.244.2.0/24");
              node.routes.add(
                  new Route(
                      Cidr.parse("10.244.2.0/24"),
                      "blackhole",
                      List.of(new Route.Hop(Optional.empty(), Optional.empty())),
                      0,
                      Optional.empty(),
                      false));
            }),
        new Mutation(
            "a better metric elsewhere",
            NodeFault.ROUTE_WRONG,
            PeerMutations::hasPeerRoutes,
            node -> {
              node.routes.replaceAll(
                  route ->
                      route.destination().equals(Cidr.parse("10.244.2.0/24"))
                          ? new Route(
                              route.destination(),
                              route.type(),
                              route.hops(),
                              10,
                              route.protocol(),
                              false)
                          : route);
              node.route("10.244.2.0/24", "192.168.0.250", "eth0");
            }),
        new Mutation(
            "a narrower route elsewhere",
            NodeFault.ROUTE_WRONG,
            node -> !node.shape.peers().isEmpty(),
            node -> node.route("10.244.2.0/25", "192.168.0.250", "eth0")),
        new Mutation(
            "route of a node that is gone",
            NodeFault.ROUTE_STALE,
            node -> node.shape.allPeers(),
            node -> node.route("10.244.250.0/24", "192.168.0.250", node.device().orElse("eth0"))),
        new Mutation(
            "another backend's device",
            NodeFault.LEFT_OVERS,
            node -> true,
            node -> {
              String old = node.shape.is(BackendType.VXLAN) ? "flannel.ipip" : "flannel.1";
              node.links.add(
                  SimulatedNode.device(old, node.shape.is(BackendType.VXLAN) ? "ipip" : "vxlan"));
            }),
        new Mutation(
            "route copies",
            NodeFault.LEFT_OVERS,
            node -> !node.shape.peers().isEmpty(),
            node ->
                node.routes.add(
                    SimulatedNode.newRoute("10.244.2.0/24", "192.168.0.100", "eth0", 4096))),
        new Mutation(
            "the neighbour of a node that is gone",
            NodeFault.LEFT_OVERS,
            node -> node.shape.is(BackendType.VXLAN) && node.shape.allPeers(),
            node ->
                node.neighbours.add(
                    new Neighbour(
                        Cidr.ofAddress("10.244.250.0"), "flannel.1", "02:00:00:00:00:fa"))),
        new Mutation(
            "wireguard's route deleted",
            NodeFault.NETWORK_ROUTE_MISSING,
            node -> node.shape.is(BackendType.WIREGUARD) && !node.shape.peers().isEmpty(),
            node -> node.removeRoute("10.244.0.0/16")),
        new Mutation(
            "wireguard's IPv6 route deleted",
            NodeFault.NETWORK_ROUTE_MISSING,
            node ->
                node.shape.is(BackendType.WIREGUARD)
                    && node.shape.ipv6()
                    && !node.shape.peers().isEmpty(),
            node -> node.ipv6Routes.clear()),
        new Mutation(
            "neighbour deleted",
            NodeFault.NEIGHBOUR_MISSING,
            PeerMutations::tunnelsToFirstPeerByVxlan,
            node -> node.neighbours.removeFirst()),
        new Mutation(
            "neighbour with another MAC",
            NodeFault.NEIGHBOUR_WRONG,
            PeerMutations::tunnelsToFirstPeerByVxlan,
            node ->
                node.neighbours.set(
                    0,
                    new Neighbour(Cidr.ofAddress("10.244.2.0"), "flannel.1", "02:00:00:00:00:99"))),
        new Mutation(
            "FDB entry deleted",
            NodeFault.FDB_MISSING,
            PeerMutations::tunnelsToFirstPeerByVxlan,
            node -> node.forwarding.removeFirst()),
        new Mutation(
            "FDB entry to another node",
            NodeFault.FDB_WRONG,
            PeerMutations::tunnelsToFirstPeerByVxlan,
            node ->
                node.forwarding.set(
                    0,
                    new ForwardingEntry(SimulatedNode.mac(0), Cidr.ofAddress("192.168.0.250")))));
  }

  private static boolean hasPeerRoutes(SimulatedNode node) {
    return !node.shape.is(BackendType.WIREGUARD) && !node.shape.peers().isEmpty();
  }

  private static boolean tunnelsToFirstPeerByVxlan(SimulatedNode node) {
    return node.shape.is(BackendType.VXLAN)
        && !node.shape.peers().isEmpty()
        && !node.shape.direct(0);
  }

  private static void reroute(SimulatedNode node, String gateway) {
    node.removeRoute("10.244.2.0/24");
    node.route("10.244.2.0/24", gateway, node.device().orElse("eth0"));
  }
}
