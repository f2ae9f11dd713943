package io.flannel.operator.agent.checks;

import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Checks whether the tunnel devices are as flannel sets them up. */
final class DeviceChecks {
  private DeviceChecks() {}

  static List<Finding> of(Expected expected, KernelState state) {
    var sightings = new ArrayList<Finding>();
    if (state.links().value().isPresent()) {
      expected.tunnels().forEach(tunnel -> check(tunnel, expected, state, sightings));
    }
    return sightings;
  }

  /**
   * Whether the device can carry packets of its family, so that it can have routes, neighbours and
   * forwarding entries. The kernel drops those when a device disappears, goes down or loses its
   * last address, so they are not reported in addition. A device that could not be read counts as
   * present.
   */
  static boolean carries(Expected.Tunnel tunnel, KernelState state) {
    return state.links().value().isEmpty()
        || state
            .link(tunnel.name())
            .filter(link -> link.up() && isOf(tunnel, link))
            .filter(link -> !link.addresses(tunnel.family()).isEmpty())
            .isPresent();
  }

  private static boolean isOf(Expected.Tunnel tunnel, Link link) {
    return link.kind().equals(Optional.of(tunnel.kind()));
  }

  private static void check(
      Expected.Tunnel tunnel, Expected expected, KernelState state, List<Finding> sightings) {
    Optional<Link> found = state.link(tunnel.name());
    if (found.isEmpty()) {
      sightings.add(
          Finding.ofNode(
              NodeFault.DEVICE_MISSING,
              "there is no device %s; it should be of kind %s"
                  .formatted(tunnel.name(), tunnel.kind())));
      return;
    }
    Link link = found.get();
    if (!isOf(tunnel, link)) {
      sightings.add(
          Finding.ofNode(
              NodeFault.DEVICE_KIND_WRONG,
              "%s is of kind %s; it should be of kind %s"
                  .formatted(tunnel.name(), link.kind().orElse("none"), tunnel.kind())));
    } else if (!link.up()) {
      sightings.add(
          Finding.ofNode(
              NodeFault.DEVICE_DOWN, "%s is down; it should be up".formatted(tunnel.name())));
    } else {
      endpoint(tunnel, link, expected, state).ifPresent(sightings::add);
      differs(tunnel, NodeFault.DEVICE_VNI_WRONG, "VNI", link.tunnel().vni(), tunnel.vni())
          .ifPresent(sightings::add);
      differs(tunnel, NodeFault.DEVICE_PORT_WRONG, "port", link.tunnel().port(), tunnel.port())
          .ifPresent(sightings::add);
      mtu(tunnel, link, expected, state).ifPresent(sightings::add);
      address(tunnel, link).ifPresent(sightings::add);
    }
  }

  /**
   * The local address of vxlan is the public IP, that of ipip the interface's. They differ behind
   * NAT and with public-ip-overwrite: then no device has the public IP, and any of the node's own
   * addresses will do.
   */
  private static Optional<Finding> endpoint(
      Expected.Tunnel tunnel, Link link, Expected expected, KernelState state) {
    if (expected.backend().linkType().isEmpty()
        || tunnel.family() != expected.publicIp().family()) {
      return Optional.empty();
    }
    Optional<Cidr> local = link.tunnel().local();
    Optional<Cidr> remote = link.tunnel().remote();
    boolean right =
        isOwn(expected.publicIp(), state)
            ? local.equals(Optional.of(expected.publicIp()))
            : local.filter(address -> isOwn(address, state)).isPresent();
    if (right && remote.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        Finding.ofNode(
            NodeFault.DEVICE_ENDPOINT_WRONG,
            "%s has local address %s and remote %s; it should have local %s and any remote"
                .formatted(
                    tunnel.name(),
                    local.map(Cidr::base).orElse("any"),
                    remote.map(Cidr::base).orElse("any"),
                    isOwn(expected.publicIp(), state)
                        ? expected.publicIp().base()
                        : "one of the node's own")));
  }

  private static boolean isOwn(Cidr address, KernelState state) {
    return state.links().value().orElse(List.of()).stream().anyMatch(link -> link.has(address));
  }

  private static Optional<Finding> differs(
      Expected.Tunnel tunnel,
      NodeFault fault,
      String what,
      OptionalInt found,
      Optional<Integer> wanted) {
    if (wanted.isEmpty() || found.equals(OptionalInt.of(wanted.get()))) {
      return Optional.empty();
    }
    return Optional.of(
        Finding.ofNode(
            fault,
            "%s has %s %s; it should have %d"
                .formatted(
                    tunnel.name(),
                    what,
                    found.isPresent() ? found.getAsInt() : "none",
                    wanted.get())));
  }

  private static Optional<Finding> mtu(
      Expected.Tunnel tunnel, Link link, Expected expected, KernelState state) {
    int wanted = expected.deviceMtu(tunnel, state).orElse(link.mtu());
    if (wanted == link.mtu()) {
      return Optional.empty();
    }
    return Optional.of(
        Finding.ofNode(
            NodeFault.DEVICE_MTU_WRONG,
            "%s has MTU %d; it should have %d: %s"
                .formatted(tunnel.name(), link.mtu(), wanted, expected.mtuReason(tunnel, state))));
  }

  private static Optional<Finding> address(Expected.Tunnel tunnel, Link link) {
    var wanted = new Link.InterfaceAddress(tunnel.address(), tunnel.family().bits());
    if (link.addresses().contains(wanted)) {
      return Optional.empty();
    }
    List<String> found =
        link.addresses(tunnel.family()).stream().map(Link.InterfaceAddress::toString).toList();
    return Optional.of(
        Finding.ofNode(
            NodeFault.DEVICE_ADDRESS_MISSING,
            "%s has %s; it should have %s"
                .formatted(
                    tunnel.name(),
                    found.isEmpty() ? "no address" : "address " + String.join(", ", found),
                    wanted)));
  }
}
