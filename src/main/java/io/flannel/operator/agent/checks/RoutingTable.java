package io.flannel.operator.agent.checks;

import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Chooses among routes of one family as the kernel does: the longest prefix, then the lowest
 * metric.
 */
public final class RoutingTable {
  private final Map<Cidr, Route> best = new HashMap<>();
  private final List<Integer> prefixes;
  private final List<Route> all;

  RoutingTable(List<Route> routes) {
    all = List.copyOf(routes);
    var lengths = new TreeSet<Integer>(Comparator.reverseOrder());
    for (Route route : routes) {
      // Of two with the same metric, the kernel takes the first in its list.
      best.merge(
          route.destination(),
          route,
          (first, next) -> next.metric() < first.metric() ? next : first);
      lengths.add(route.destination().prefix());
    }
    prefixes = List.copyOf(lengths);
  }

  /** The route that packets to an address take. */
  Optional<Route> to(Cidr address) {
    for (int prefix : prefixes) {
      if (prefix <= address.family().bits()) {
        Route route = best.get(new Cidr(address.family(), address.network(), prefix));
        if (route != null) {
          return Optional.of(route);
        }
      }
    }
    return Optional.empty();
  }

  /** The route for exactly these addresses. */
  Optional<Route> exactly(Cidr destination) {
    return Optional.ofNullable(best.get(destination));
  }

  /** The device on whose link the address is; empty if it is behind a router, or unreachable. */
  Optional<String> linkOf(Cidr address) {
    return to(address)
        .filter(route -> route.type().equals(Route.UNICAST) && route.hops().size() == 1)
        .map(route -> route.hops().getFirst())
        .filter(hop -> hop.gateway().isEmpty())
        .flatMap(Route.Hop::device);
  }

  /** Every route, in the kernel's order. */
  public List<Route> all() {
    return all;
  }

  /** The route in effect for each destination, in no particular order. */
  Collection<Route> routes() {
    return new ArrayList<>(best.values());
  }
}
