package io.flannel.operator.agent.checks;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Checks whether the node knows each peer's vxlan device: its MAC address from the neighbour table,
 * and where to send frames for it from the forwarding table. The entries are static: the kernel
 * does not resolve missing ones.
 */
final class VxlanChecks {
  private VxlanChecks() {}

  static List<Finding> of(Expected expected, KernelState state) {
    var sightings = new ArrayList<Finding>();
    Optional<Expected.Tunnel> tunnel =
        expected
            .ipv4Tunnel()
            .filter(_ -> expected.backend().carriesEthernet())
            .filter(found -> DeviceChecks.carries(found, state));
    Optional<RoutingTable> routes = state.routes().value();
    if (tunnel.isPresent() && routes.isPresent()) {
      Optional<Map<Cidr, List<String>>> macs =
          state.neighbours().value().map(all -> macs(tunnel.get(), all));
      Optional<Map<String, List<Cidr>>> destinations =
          state.forwarding().value().map(VxlanChecks::destinations);
      for (Expected.Peer peer : expected.peers()) {
        Optional<String> mac = peer.vtepMac();
        if (mac.isPresent()
            && !peer.otherBackend()
            && PeerRoute.of(expected, state, routes.get(), peer).isTunnelled()) {
          macs.flatMap(known -> neighbour(tunnel.get(), peer, mac.get(), known))
              .ifPresent(sightings::add);
          destinations
              .flatMap(known -> forwarding(tunnel.get(), peer, mac.get(), known))
              .ifPresent(sightings::add);
        }
      }
    }
    return sightings;
  }

  private static Map<Cidr, List<String>> macs(Expected.Tunnel tunnel, List<Neighbour> neighbours) {
    return neighbours.stream()
        .filter(entry -> entry.device().equals(tunnel.name()))
        .collect(groupingBy(Neighbour::address, mapping(Neighbour::mac, toList())));
  }

  private static Map<String, List<Cidr>> destinations(List<ForwardingEntry> entries) {
    return entries.stream()
        .collect(groupingBy(ForwardingEntry::mac, mapping(ForwardingEntry::destination, toList())));
  }

  private static Optional<Finding> neighbour(
      Expected.Tunnel tunnel, Expected.Peer peer, String mac, Map<Cidr, List<String>> known) {
    Cidr vtep = Cidr.ofAddress(peer.subnet().base());
    List<String> macs = known.getOrDefault(vtep, List.of());
    if (macs.contains(mac)) {
      return Optional.empty();
    }
    String wanted = "it should be %s, as %s published".formatted(mac, peer.name());
    return Optional.of(
        macs.isEmpty()
            ? Finding.ofPeer(
                NodeFault.NEIGHBOUR_MISSING,
                peer,
                "there is no MAC address for %s on %s; %s"
                    .formatted(vtep.base(), tunnel.name(), wanted))
            : Finding.ofPeer(
                NodeFault.NEIGHBOUR_WRONG,
                peer,
                "the MAC address for %s on %s is %s; %s"
                    .formatted(vtep.base(), tunnel.name(), macs.getFirst(), wanted)));
  }

  private static Optional<Finding> forwarding(
      Expected.Tunnel tunnel, Expected.Peer peer, String mac, Map<String, List<Cidr>> known) {
    List<Cidr> destinations = known.getOrDefault(mac, List.of());
    if (destinations.contains(peer.address())) {
      return Optional.empty();
    }
    String wanted = "it should be %s, %s's address".formatted(peer.address().base(), peer.name());
    return Optional.of(
        destinations.isEmpty()
            ? Finding.ofPeer(
                NodeFault.FDB_MISSING,
                peer,
                "%s has no destination for MAC address %s; %s"
                    .formatted(tunnel.name(), mac, wanted))
            : Finding.ofPeer(
                NodeFault.FDB_WRONG,
                peer,
                "%s sends what is for MAC address %s to %s; %s"
                    .formatted(tunnel.name(), mac, destinations.getFirst().base(), wanted)));
  }
}
