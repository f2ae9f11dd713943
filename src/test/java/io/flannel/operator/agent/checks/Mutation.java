package io.flannel.operator.agent.checks;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * One thing that goes wrong on a node whose first peer is n2, and the fault that it is.
 *
 * @param on the nodes on which it can happen
 */
record Mutation(
    String name, NodeFault fault, Predicate<SimulatedNode> on, Consumer<SimulatedNode> breaks) {

  static List<Mutation> all() {
    return List.of(
        new Mutation(
            "device deleted",
            NodeFault.DEVICE_MISSING,
            Mutation::hasDevice,
            node -> loseDevice(node, true)),
        new Mutation(
            "device down",
            NodeFault.DEVICE_DOWN,
            Mutation::hasDevice,
            node -> loseDevice(node, false)),
        new Mutation(
            "device of another kind",
            NodeFault.DEVICE_KIND_WRONG,
            Mutation::hasDevice,
            node ->
                change(node, link -> with(link, Optional.of("dummy"), link.mtu(), link.tunnel()))),
        new Mutation(
            "another local address",
            NodeFault.DEVICE_ENDPOINT_WRONG,
            node -> hasDevice(node) && !node.shape.is(BackendType.WIREGUARD),
            node -> ends(node, Optional.of("192.168.0.99"), Optional.empty())),
        new Mutation(
            "no local address",
            NodeFault.DEVICE_ENDPOINT_WRONG,
            node -> hasDevice(node) && !node.shape.is(BackendType.WIREGUARD),
            node -> ends(node, Optional.empty(), Optional.empty())),
        new Mutation(
            "bound to one remote",
            NodeFault.DEVICE_ENDPOINT_WRONG,
            node -> hasDevice(node) && !node.shape.is(BackendType.WIREGUARD),
            node -> ends(node, Optional.of("192.168.0.81"), Optional.of("192.168.0.100"))),
        new Mutation(
            "another VNI",
            NodeFault.DEVICE_VNI_WRONG,
            node -> node.shape.is(BackendType.VXLAN),
            node -> vxlan(node, 2, 8472)),
        new Mutation(
            "another port",
            NodeFault.DEVICE_PORT_WRONG,
            node -> node.shape.is(BackendType.VXLAN),
            node -> vxlan(node, 1, 4789)),
        new Mutation(
            "a smaller device MTU",
            NodeFault.DEVICE_MTU_WRONG,
            Mutation::hasDevice,
            node -> change(node, link -> with(link, link.kind(), 1280, link.tunnel()))),
        new Mutation(
            "a larger device MTU",
            NodeFault.DEVICE_MTU_WRONG,
            Mutation::hasDevice,
            node -> change(node, link -> with(link, link.kind(), link.mtu() + 1, link.tunnel()))),
        new Mutation(
            "device without its address",
            NodeFault.DEVICE_ADDRESS_MISSING,
            Mutation::hasDevice,
            node -> {
              loseWhatIsOn(node, node.device().orElseThrow());
              change(node, link -> addressed(link, link.mtu()));
            }),
        new Mutation(
            "device with an older podCIDR's address",
            NodeFault.DEVICE_ADDRESS_MISSING,
            Mutation::hasDevice,
            node -> change(node, link -> addressed(link, link.mtu(), "10.244.9.0/32"))),
        new Mutation(
            "IPv6 device deleted",
            NodeFault.DEVICE_MISSING,
            node -> hasDevice(node) && node.shape.ipv6(),
            node -> node.links.removeIf(link -> link.name().contains("v6"))),
        new Mutation(
            "route deleted",
            NodeFault.ROUTE_MISSING,
            Mutation::hasPeerRoutes,
            node -> node.removeRoute("10.244.2.0/24")),
        new Mutation(
            "route to another gateway",
            NodeFault.ROUTE_WRONG,
            Mutation::hasPeerRoutes,
            node -> reroute(node, "192.168.0.250")),
        new Mutation(
            "route that drops",
            NodeFault.ROUTE_WRONG,
            Mutation::hasPeerRoutes,
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
            Mutation::hasPeerRoutes,
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
            Mutation::tunnelsToFirstPeerByVxlan,
            node -> node.neighbours.removeFirst()),
        new Mutation(
            "neighbour with another MAC",
            NodeFault.NEIGHBOUR_WRONG,
            Mutation::tunnelsToFirstPeerByVxlan,
            node ->
                node.neighbours.set(
                    0,
                    new Neighbour(Cidr.ofAddress("10.244.2.0"), "flannel.1", "02:00:00:00:00:99"))),
        new Mutation(
            "FDB entry deleted",
            NodeFault.FDB_MISSING,
            Mutation::tunnelsToFirstPeerByVxlan,
            node -> node.forwarding.removeFirst()),
        new Mutation(
            "FDB entry to another node",
            NodeFault.FDB_WRONG,
            Mutation::tunnelsToFirstPeerByVxlan,
            node ->
                node.forwarding.set(
                    0, new ForwardingEntry(SimulatedNode.mac(0), Cidr.ofAddress("192.168.0.250")))),
        new Mutation(
            "an ipip device to a peer",
            NodeFault.RIVAL_DEVICE_FOR_PEER,
            node -> node.shape.is(BackendType.IPIP) && !node.shape.peers().isEmpty(),
            node -> node.links.add(rival(node, Optional.of(node.peerAddress(0)), false))),
        new Mutation(
            "an ipip device bound to the NIC",
            NodeFault.RIVAL_DEVICE,
            node -> node.shape.is(BackendType.IPIP),
            node -> node.links.add(rival(node, Optional.empty(), true))),
        new Mutation(
            "subnet.env gone",
            NodeFault.SUBNET_ENV_MISSING,
            _ -> true,
            node -> node.subnetEnvThere = false),
        new Mutation(
            "subnet.env of another podCIDR",
            NodeFault.SUBNET_ENV_WRONG,
            _ -> true,
            node -> node.subnetEnv.put("FLANNEL_SUBNET", "10.244.9.1/24")),
        new Mutation(
            "subnet.env of another network",
            NodeFault.SUBNET_ENV_WRONG,
            _ -> true,
            node -> node.subnetEnv.put("FLANNEL_NETWORK", "10.0.0.0/8")),
        new Mutation(
            "subnet.env of another MTU",
            NodeFault.SUBNET_ENV_WRONG,
            _ -> true,
            node -> node.subnetEnv.put("FLANNEL_MTU", "1281")),
        new Mutation(
            "subnet.env cut off", NodeFault.SUBNET_ENV_WRONG, _ -> true, n -> n.subnetEnv.clear()),
        new Mutation(
            "subnet.env without IPv6",
            NodeFault.SUBNET_ENV_WRONG,
            node -> node.shape.ipv6(),
            node -> node.subnetEnv.remove("FLANNEL_IPV6_SUBNET")),
        new Mutation(
            "bridge in another subnet",
            NodeFault.BRIDGE_ADDRESS_WRONG,
            node -> node.shape.bridge(),
            node -> node.replace(addressed(node.link("cni0"), node.podMtu(), "10.244.99.1/24"))),
        new Mutation(
            "pods with too large an MTU",
            NodeFault.BRIDGE_MTU_WRONG,
            node -> node.shape.bridge(),
            node -> node.podMtus.add(node.podMtu() + 10)),
        new Mutation(
            "CNI configuration gone",
            NodeFault.CNI_CONFIG_MISSING,
            _ -> true,
            node -> node.cniConfigThere = false),
        new Mutation(
            "ip_forward off",
            NodeFault.IP_FORWARDING_OFF,
            node -> node.shape.bridge(),
            node -> node.ipForward = 0),
        new Mutation(
            "IPv6 forwarding off",
            NodeFault.IP_FORWARDING_OFF,
            node -> node.shape.bridge() && node.shape.ipv6(),
            node -> node.ipv6Forwarding = 0));
  }

  /** Whom the fault is about. */
  Optional<String> peer() {
    return fault.scope() == NodeFault.Scope.PEER ? Optional.of("n2") : Optional.empty();
  }

  @Override
  public String toString() {
    return name;
  }

  private static boolean hasDevice(SimulatedNode node) {
    return node.device().isPresent();
  }

  private static boolean hasPeerRoutes(SimulatedNode node) {
    return !node.shape.is(BackendType.WIREGUARD) && !node.shape.peers().isEmpty();
  }

  private static boolean tunnelsToFirstPeerByVxlan(SimulatedNode node) {
    return node.shape.is(BackendType.VXLAN)
        && !node.shape.peers().isEmpty()
        && !node.shape.direct(0);
  }

  /** The kernel takes along what is on a device that goes, goes down or loses its last address. */
  private static void loseDevice(SimulatedNode node, boolean deleted) {
    String name = node.device().orElseThrow();
    if (deleted) {
      node.links.removeIf(link -> link.name().equals(name));
    } else {
      change(
          node,
          link ->
              new Link(
                  link.index(),
                  link.name(),
                  link.kind(),
                  false,
                  false,
                  link.mtu(),
                  link.addresses(),
                  link.tunnel(),
                  link.receivedPackets()));
    }
    loseWhatIsOn(node, name);
  }

  private static void loseWhatIsOn(SimulatedNode node, String device) {
    node.routes.removeIf(route -> route.hops().getFirst().device().equals(Optional.of(device)));
    node.neighbours.clear();
    node.forwarding.clear();
  }

  private static void reroute(SimulatedNode node, String gateway) {
    node.removeRoute("10.244.2.0/24");
    node.route("10.244.2.0/24", gateway, node.device().orElse("eth0"));
  }

  private static void change(SimulatedNode node, UnaryOperator<Link> operator) {
    node.replace(operator.apply(node.link(node.device().orElseThrow())));
  }

  private static void ends(SimulatedNode node, Optional<String> local, Optional<String> remote) {
    change(
        node,
        link ->
            with(
                link,
                link.kind(),
                link.mtu(),
                new Link.Tunnel(
                    local.map(Cidr::ofAddress),
                    remote.map(Cidr::ofAddress),
                    link.tunnel().lower(),
                    link.tunnel().vni(),
                    link.tunnel().port(),
                    false)));
  }

  private static void vxlan(SimulatedNode node, int vni, int port) {
    change(
        node,
        link ->
            with(
                link,
                link.kind(),
                link.mtu(),
                new Link.Tunnel(
                    link.tunnel().local(),
                    link.tunnel().remote(),
                    link.tunnel().lower(),
                    OptionalInt.of(vni),
                    OptionalInt.of(port),
                    false)));
  }

  static Link with(Link link, Optional<String> kind, int mtu, Link.Tunnel tunnel) {
    return new Link(
        link.index(),
        link.name(),
        kind,
        link.up(),
        link.carrier(),
        mtu,
        link.addresses(),
        tunnel,
        link.receivedPackets());
  }

  static Link addressed(Link link, int mtu, String... addresses) {
    return new Link(
        link.index(),
        link.name(),
        link.kind(),
        link.up(),
        link.carrier(),
        mtu,
        SimulatedNode.addresses(addresses),
        link.tunnel(),
        link.receivedPackets());
  }

  static Link rival(SimulatedNode node, Optional<String> remote, boolean bound) {
    Link own = node.link("flannel.ipip");
    return new Link(
        own.index() + 100,
        "rival0",
        own.kind(),
        true,
        true,
        1480,
        List.of(),
        new Link.Tunnel(
            own.tunnel().local(),
            remote.map(Cidr::ofAddress),
            bound ? Optional.of("eth0") : Optional.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            false),
        own.receivedPackets());
  }
}
