package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Copies of links with something changed. */
final class Links {
  private Links() {}

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
