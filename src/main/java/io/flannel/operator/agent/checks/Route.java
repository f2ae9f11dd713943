package io.flannel.operator.agent.checks;

import static java.util.stream.Collectors.joining;

import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.RouteCopies;
import java.util.List;
import java.util.Optional;

/**
 * A route of the main table, as {@code ip -j route show} has it.
 *
 * @param destination the addresses that it is for
 * @param type the kernel's: {@code unicast} leads somewhere, {@code blackhole} and the like nowhere
 * @param hops where it leads; more than one where packets are spread
 * @param metric the least wins among routes for the same addresses
 * @param protocol who made it, where told
 * @param onlink whether its router counts as on the device's own link, whatever its address
 */
public record Route(
    Cidr destination,
    String type,
    List<Hop> hops,
    long metric,
    Optional<String> protocol,
    boolean onlink) {
  static final String UNICAST = "unicast";

  /**
   * Where a route leads.
   *
   * @param gateway the next router; empty: the destination is on the device's own link
   */
  public record Hop(Optional<Cidr> gateway, Optional<String> device) {
    /** As the command line has it, with a blank before: {@code via 192.168.0.82 dev eth0}. */
    @Override
    public String toString() {
      return gateway.map(via -> " via " + via.base()).orElse("")
          + device.map(name -> " dev " + name).orElse("");
    }
  }

  /** Whether it is one of the copies that carry packets during a change. */
  boolean isCopy() {
    return metric == RouteCopies.METRIC && isUnclaimed();
  }

  /**
   * Whether nobody claims to have made it, as with routes of flanneld's (netlink's default), {@code
   * ip route add}'s and unlike those of the kernel's and routing daemons'.
   */
  boolean isUnclaimed() {
    return protocol.filter(name -> !name.equals("boot")).isEmpty();
  }

  /** As the command line has it: {@code 10.244.2.0/24 via 192.168.0.82 dev flannel.ipip}. */
  @Override
  public String toString() {
    return (type.equals(UNICAST) ? "" : type + " ")
        + destination
        + hops.stream().map(Hop::toString).collect(joining());
  }
}
