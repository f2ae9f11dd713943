package io.flannel.operator.agent.checks;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/** Faults of flannel's device, and of rival devices. */
final class DeviceMutations {
  private DeviceMutations() {}

  static List<Mutation> all() {
    return List.of(
        new Mutation(
            "device deleted",
            NodeFault.DEVICE_MISSING,
            DeviceMutations::hasDevice,
            node -> loseDevice(node, true)),
        new Mutation(
            "device down",
            NodeFault.DEVICE_DOWN,
            DeviceMutations::hasDevice,
            node -> loseDevice(node, false)),
        new Mutation(
            "device of another kind",
            NodeFault.DEVICE_KIND_WRONG,
            DeviceMutations::hasDevice,
            node ->
                change(
                    node,
                    link -> Links.with(link, Optional.of("dummy"), link.mtu(), link.tunnel()))),
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
            DeviceMutations::hasDevice,
            node -> change(node, link -> Links.with(link, link.kind(), 1280, link.tunnel()))),
        new Mutation(
            "a larger device MTU",
            NodeFault.DEVICE_MTU_WRONG,
            DeviceMutations::hasDevice,
            node ->
                change(node, link -> Links.with(link, link.kind(), link.mtu() + 1, link.tunnel()))),
        new Mutation(
            "device without its address",
            NodeFault.DEVICE_ADDRESS_MISSING,
            DeviceMutations::hasDevice,
            node -> {
              loseWhatIsOn(node, node.device().orElseThrow());
              change(node, link -> Links.addressed(link, link.mtu()));
            }),
        new Mutation(
            "device with an older podCIDR's address",
            NodeFault.DEVICE_ADDRESS_MISSING,
            DeviceMutations::hasDevice,
            node -> change(node, link -> Links.addressed(link, link.mtu(), "10.244.9.0/32"))),
        new Mutation(
            "IPv6 device deleted",
            NodeFault.DEVICE_MISSING,
            node -> hasDevice(node) && node.shape.ipv6(),
            node -> node.links.removeIf(link -> link.name().contains("v6"))),
        new Mutation(
            "an ipip device to a peer",
            NodeFault.RIVAL_DEVICE_FOR_PEER,
            node -> node.shape.is(BackendType.IPIP) && !node.shape.peers().isEmpty(),
            node -> node.links.add(Links.rival(node, Optional.of(node.peerAddress(0)), false))),
        new Mutation(
            "an ipip device bound to the NIC",
            NodeFault.RIVAL_DEVICE,
            node -> node.shape.is(BackendType.IPIP),
            node -> node.links.add(Links.rival(node, Optional.empty(), true))));
  }

  private static boolean hasDevice(SimulatedNode node) {
    return node.device().isPresent();
  }

  /**
   * Deletes the device or sets it down. Also removes what is on it, as the kernel does when a
   * device is deleted, goes down or loses its last address.
   */
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

  private static void change(SimulatedNode node, UnaryOperator<Link> operator) {
    node.replace(operator.apply(node.link(node.device().orElseThrow())));
  }

  private static void ends(SimulatedNode node, Optional<String> local, Optional<String> remote) {
    change(
        node,
        link ->
            Links.with(
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
            Links.with(
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
}
