package io.flannel.operator.agent.checks;

import static java.util.stream.Collectors.toSet;

import io.flannel.operator.agent.checks.LeftOvers.Range;
import io.flannel.operator.agent.checks.LeftOvers.Removal;
import io.flannel.operator.agent.checks.LeftOvers.Wanted;
import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Finds a vxlan device's entries for nodes that are gone. flanneld removes a node's neighbour and
 * forwarding entry when it sees the node go (vxlan_network.go), but not those of nodes that went
 * while it was not running. The agent's own check covers IPv4 alone: the peers' IPv6 ranges are
 * unknown.
 */
public final class DepartedPeers {
  private DepartedPeers() {}

  /**
   * A neighbour to remove.
   *
   * @param range the range of the node that is gone
   */
  public record NeighbourRemoval(Neighbour neighbour, Cidr range) implements Removal {
    @Override
    public List<String> command() {
      return List.of("ip", "neigh", "del", neighbour.address().base(), "dev", neighbour.device());
    }

    @Override
    public String toString() {
      return "the neighbour %s (%s) on %s"
          .formatted(neighbour.address().base(), neighbour.mac(), neighbour.device());
    }
  }

  /** A forwarding entry to remove. */
  public record ForwardingRemoval(String device, ForwardingEntry entry) implements Removal {
    @Override
    public List<String> command() {
      return List.of(
          "bridge",
          "fdb",
          "del",
          entry.mac(),
          "dev",
          device,
          "dst",
          entry.destination().base(),
          "self");
    }

    @Override
    public String toString() {
      return "the forwarding entry %s to %s on %s"
          .formatted(entry.mac(), entry.destination().base(), device);
    }
  }

  /**
   * Finds the neighbours of nodes that are gone: those on a device that the node should have, with
   * the first address of a node's range, which is the address that flanneld gives a node's end of
   * the tunnel.
   *
   * @param neighbours all permanent neighbours
   */
  public static List<NeighbourRemoval> neighbours(Wanted wanted, List<Neighbour> neighbours) {
    return neighbours.stream()
        .filter(neighbour -> wanted.devices().contains(neighbour.device()))
        .flatMap(
            neighbour ->
                wanted.ranges().stream()
                    .flatMap(range -> gone(wanted, range, neighbour.address()).stream())
                    .map(gone -> new NeighbourRemoval(neighbour, gone)))
        .toList();
  }

  /**
   * Finds the forwarding entries of these neighbours, by MAC address. An entry that a remaining
   * neighbour shares is left out: a node may come back with another range.
   *
   * @param neighbours all permanent neighbours
   * @param entries the device's forwarding entries
   */
  public static Stream<ForwardingRemoval> forwarding(
      List<NeighbourRemoval> gone,
      List<Neighbour> neighbours,
      String device,
      List<ForwardingEntry> entries) {
    Set<Neighbour> going = gone.stream().map(NeighbourRemoval::neighbour).collect(toSet());
    Set<String> macs = macs(device, going.stream());
    macs.removeAll(
        macs(device, neighbours.stream().filter(neighbour -> !going.contains(neighbour))));
    return entries.stream()
        .filter(entry -> macs.contains(entry.mac()))
        .map(entry -> new ForwardingRemoval(device, entry));
  }

  private static Set<String> macs(String device, Stream<Neighbour> neighbours) {
    return neighbours
        .filter(neighbour -> neighbour.device().equals(device))
        .map(Neighbour::mac)
        .collect(toSet());
  }

  /** The range of the node that a neighbour's address belongs to, if that node is gone. */
  private static Optional<Cidr> gone(Wanted wanted, Range range, Cidr address) {
    if (!range.network().contains(address)) {
      return Optional.empty();
    }
    Cidr subnet = new Cidr(address.family(), address.network(), range.own().prefix());
    return Optional.of(subnet)
        .filter(it -> it.base().equals(address.base()))
        .filter(it -> wanted.isGone(range, it));
  }
}
