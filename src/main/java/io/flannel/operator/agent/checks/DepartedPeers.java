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
 * What the vxlan device that stays still knows of nodes that are gone. flanneld removes a node's
 * neighbour and forwarding entry when it sees the node go (vxlan_network.go), but not those of
 * nodes that went while it did not run. IPv4 alone: of IPv6 neighbours nothing is read.
 */
public final class DepartedPeers {
  private DepartedPeers() {}

  /**
   * A neighbour to remove.
   *
   * @param range that of the node which is gone
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
   * The neighbours of nodes that are gone: on a device that should be there, with the first address
   * of a node's range, which is how flanneld names a node's end of the tunnel.
   *
   * @param neighbours the permanent ones
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
   * The forwarding entries that go with these neighbours, by MAC address. One that a neighbour
   * which stays has as well is not among them: a node may come back with another range.
   *
   * @param neighbours all permanent ones
   * @param entries the device's
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

  /** The range of the node that a neighbour's address stands for, if that node is gone. */
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
