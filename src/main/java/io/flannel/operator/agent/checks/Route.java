package io.flannel.operator.agent.checks;

import static java.util.stream.Collectors.joining;

import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.RouteCopies;
import java.util.List;
import java.util.Optional;

/**
 * A route of the main table, as {@code ip -j route show} prints it.
 *
 * @param destination the addresses that it is for
 * @param type the kernel's type: {@code unicast} leads somewhere, {@code blackhole} and the like
 *     nowhere
 * @param hops where it leads; more than one for a multipath route
 * @param metric the lowest wins among routes for the same addresses
 * @param protocol who made it, if printed
 * @param onlink whether its gateway counts as on-link, whatever its address
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
   * @param gateway the next router; empty if the destination is on-link
   */
  public record Hop(Optional<Cidr> gateway, Optional<String> device) {
    /** As on the command line, with a leading space: {@code via 192.168.0.82 dev eth0}. */
    @Override
    public String toString() {
      return gateway.map(via -> " via " + via.base()).orElse("")
          + device.map(name -> " dev " + name).orElse("");
    }
  }

  /** Whether it is one of the copies that carry packets while flannel replaces its routes. */
  boolean isCopy() {
    return metric == RouteCopies.METRIC && isUnclaimed();
  }

  /**
   * Whether no program claims to have made it (protocol {@code boot} or none), as with routes of
   * flanneld (netlink's default) and of {@code ip route add}, and unlike those of the kernel and of
   * routing daemons.
   */
  boolean isUnclaimed() {
    return protocol.filter(name -> !name.equals("boot")).isEmpty();
  }

  /** As on the command line: {@code 10.244.2.0/24 via 192.168.0.82 dev flannel.ipip}. */
  @Override
  public String toString() {
    return (type.equals(UNICAST) ? "" : type + " ")
        + destination
        + hops.stream().map(Hop::toString).collect(joining());
  }
}
