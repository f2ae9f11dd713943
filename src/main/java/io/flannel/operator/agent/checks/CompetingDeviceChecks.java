package io.flannel.operator.agent.checks;

import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Checks whether another ipip device takes packets meant for flannel's. flannel.ipip has a local
 * address and no remote. Among the devices that are up, the kernel prefers one whose remote is the
 * sender and, of two equal ones, the one bound to the device that the packet arrived on
 * (net/ipv4/ip_tunnel.c, ip_tunnel_lookup).
 */
final class CompetingDeviceChecks {
  private CompetingDeviceChecks() {}

  static List<Finding> of(Expected expected, KernelState state) {
    var sightings = new ArrayList<Finding>();
    Optional<Link> own = ownDevice(expected, state);
    if (own.isPresent()) {
      for (Link rival : others(state, own.get())) {
        if (isFor(rival, own.get(), expected)) {
          check(rival, own.get(), expected, state, sightings);
        }
      }
    }
    return sightings;
  }

  /** flannel's ipip device, if it can receive packets. */
  static Optional<Link> ownDevice(Expected expected, KernelState state) {
    return expected
        .ipv4Tunnel()
        .filter(_ -> expected.backend().devicesCompete())
        .filter(tunnel -> DeviceChecks.carries(tunnel, state))
        .flatMap(tunnel -> state.link(tunnel.name()));
  }

  /** The other ipip devices that are up. */
  static List<Link> others(KernelState state, Link own) {
    return state.links().value().orElse(List.of()).stream()
        .filter(link -> link.kind().equals(own.kind()) && link.up())
        .filter(link -> !link.name().equals(own.name()))
        .toList();
  }

  private static boolean isFor(Link rival, Link own, Expected expected) {
    Optional<Cidr> local = rival.tunnel().local();
    return local.isEmpty()
        || local.equals(own.tunnel().local())
        || local.get().equals(expected.publicIp());
  }

  private static void check(
      Link rival, Link own, Expected expected, KernelState state, List<Finding> sightings) {
    Optional<Cidr> remote = rival.tunnel().remote();
    if (remote.isPresent()) {
      for (Expected.Peer peer : expected.peers()) {
        if (peer.address().equals(remote.get())) {
          sightings.add(
              Finding.ofPeer(
                  NodeFault.RIVAL_DEVICE_FOR_PEER,
                  peer,
                  "%s (ipip, remote %s) takes what %s sends to %s; there should be no such device"
                      .formatted(rival.name(), remote.get().base(), peer.name(), own.name())));
        }
      }
    } else if (rival.tunnel().local().isPresent()
        && rival.tunnel().lower().isPresent()
        && rival.tunnel().lower().equals(expected.nic(state).map(Link::name))) {
      sightings.add(
          Finding.ofNode(
              NodeFault.RIVAL_DEVICE,
              "%s (ipip, local %s, bound to %s) takes what is sent to %s; there should be no such"
                      .formatted(
                          rival.name(),
                          rival.tunnel().local().get().base(),
                          rival.tunnel().lower().get(),
                          own.name())
                  + " device"));
    }
  }
}
