package io.flannel.operator.agent.checks;

import static java.util.stream.Collectors.toMap;

import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds what flannel left on a node: devices and routes of a backend that the node no longer uses,
 * route copies, and routes to nodes that are gone. vxlan, ipip and host-gw remove nothing when they
 * end (pkg/backend), and each replaces only the routes to peers that it knows.
 *
 * <p>Only what flannel made counts: devices by their names and kinds, and routes inside the
 * network's range that no other program claims. The only route to a live peer stays.
 */
public final class LeftOvers {
  /** flannel's device names, with the kernel's kind of device for each. */
  private static final Map<Pattern, String> DEVICES =
      Backend.usual().stream()
          .filter(backend -> backend.deviceNames().isPresent())
          .collect(
              toMap(backend -> Pattern.compile(backend.deviceNames().get()), Backend::deviceKind));

  private final Wanted wanted;
  private final List<Link> devices;
  private final List<Route> routes;
  private final Map<Cidr, List<Route>> byDestination = new HashMap<>();
  private final Set<Route> candidates = new HashSet<>();

  /**
   * What the node should have.
   *
   * @param devices the names of its tunnel devices
   * @param gone the former ranges of nodes that are gone; empty if whatever looks like one counts
   *     as one
   */
  public record Wanted(Set<String> devices, List<Range> ranges, Optional<Set<Cidr>> gone) {
    /** Counts whatever looks like the range of a node that is gone as one. */
    public Wanted(Set<String> devices, List<Range> ranges) {
      this(devices, ranges, Optional.empty());
    }

    /** Returns the same, but counts whatever looks like the range of a node that is gone as one. */
    public Wanted suspecting() {
      return new Wanted(devices, ranges);
    }

    /**
     * Whether a range belonged to a node that is gone. All nodes' ranges have the same prefix
     * length.
     */
    boolean isGone(Range range, Cidr subnet) {
      return range.complete()
          && range.network().contains(subnet)
          && subnet.prefix() == range.own().prefix()
          && !subnet.equals(range.own())
          && range.live().stream().noneMatch(subnet::overlaps)
          && gone.filter(known -> !known.contains(subnet)).isEmpty();
    }
  }

  /**
   * The pod ranges of one family.
   *
   * @param network the range of all pods
   * @param own the range of the node's own pods
   * @param live the ranges of the other nodes that are known
   * @param complete whether {@code live} has all other nodes, so that a route to any other range is
   *     stale
   * @param networkDevice with wireguard, the device of the single route for the whole network
   */
  public record Range(
      Cidr network, Cidr own, Set<Cidr> live, boolean complete, Optional<String> networkDevice) {}

  /** One thing to remove. */
  public sealed interface Removal
      permits RouteRemoval,
          DeviceRemoval,
          DepartedPeers.NeighbourRemoval,
          DepartedPeers.ForwardingRemoval {
    /** The iproute2 command, with its arguments. */
    List<String> command();
  }

  /** A route to remove. */
  public record RouteRemoval(Route route) implements Removal {
    @Override
    public List<String> command() {
      Route.Hop hop = route.hops().getFirst();
      List<String> words = new ArrayList<>();
      boolean ipv4 = route.destination().family() == Cidr.Family.IPV4;
      words.addAll(List.of("ip", ipv4 ? "-4" : "-6", "route", "del"));
      words.add(route.destination().toString());
      hop.gateway().ifPresent(via -> words.addAll(List.of("via", via.base())));
      hop.device().ifPresent(device -> words.addAll(List.of("dev", device)));
      if (route.metric() != 0) {
        words.addAll(List.of("metric", String.valueOf(route.metric())));
      }
      return words;
    }

    @Override
    public String toString() {
      return route + (route.metric() == 0 ? "" : " metric " + route.metric());
    }
  }

  /** A device to remove; its neighbours and forwarding entries go with it. */
  public record DeviceRemoval(Link device) implements Removal {
    @Override
    public List<String> command() {
      return List.of("ip", "link", "del", device.name());
    }

    @Override
    public String toString() {
      return "%s (%s)".formatted(device.name(), device.kind().orElse("no kind"));
    }
  }

  /**
   * The removals, and what has to stay.
   *
   * @param removals in order: routes, then the devices that nothing needs any longer
   * @param kept why the other left-overs have to stay
   */
  public record Plan(List<Removal> removals, List<String> kept) {}

  private LeftOvers(Wanted wanted, List<Link> links, List<Route> routes) {
    this.wanted = wanted;
    this.routes = routes;
    this.devices =
        links.stream()
            .filter(LeftOvers::isFlannels)
            .filter(link -> !wanted.devices().contains(link.name()))
            .toList();
    routes.forEach(
        route ->
            byDestination.computeIfAbsent(route.destination(), _ -> new ArrayList<>()).add(route));
    routes.stream().filter(this::isLeftOver).forEach(candidates::add);
  }

  /**
   * Plans the removal of left-overs.
   *
   * @param links the node's devices
   * @param routes the main table's, of both families as far as they are known
   */
  public static Plan plan(Wanted wanted, List<Link> links, List<Route> routes) {
    return new LeftOvers(wanted, links, routes).plan();
  }

  /**
   * Returns the route that packets to each live peer take, by the peer's range; leaves out peers
   * without a route inside the network.
   */
  public static Map<Cidr, Route> ways(Wanted wanted, List<Route> routes) {
    var table = new RoutingTable(routes);
    Map<Cidr, Route> ways = new HashMap<>();
    for (Range range : wanted.ranges()) {
      for (Cidr peer : range.live()) {
        table
            .to(Cidr.ofAddress(peer.base()))
            .filter(route -> range.network().contains(route.destination()))
            .ifPresent(route -> ways.put(peer, route));
      }
    }
    return ways;
  }

  /** Plans from one of the agent's polls, as far as the agent knows the peers. */
  static Plan plan(Expected expected, KernelState state) {
    return plan(expected.wanted(), state.links().value().orElse(List.of()), state.allRoutes());
  }

  /** All left-over devices, including those that have to stay for now. */
  static List<Link> devices(Expected expected, KernelState state) {
    return new LeftOvers(expected.wanted(), state.links().value().orElse(List.of()), List.of())
        .devices;
  }

  private static boolean isFlannels(Link link) {
    return DEVICES.entrySet().stream()
        .anyMatch(
            entry ->
                entry.getKey().matcher(link.name()).matches()
                    && link.kind().equals(Optional.of(entry.getValue())));
  }

  private Plan plan() {
    List<String> kept = new ArrayList<>();
    Set<Route> needed = needed(kept);
    List<Removal> removals = new ArrayList<>();
    routes.stream()
        .filter(candidates::contains)
        .filter(route -> !needed.contains(route))
        .map(RouteRemoval::new)
        .forEach(removals::add);
    for (Link device : devices) {
      Optional<Route> user =
          routes.stream()
              .filter(route -> leadsInto(device.name(), route))
              .filter(route -> !candidates.contains(route) || needed.contains(route))
              .filter(route -> !comesWithAnAddress(route))
              .findFirst();
      if (user.isEmpty()) {
        removals.add(new DeviceRemoval(device));
      } else {
        kept.add("%s stays, since the route %s uses it".formatted(device.name(), user.get()));
      }
    }
    return new Plan(removals, kept);
  }

  /**
   * Whether the kernel made the route, such as that to fe80::/64, for an address of the device: it
   * also removes the route with the device.
   */
  private boolean comesWithAnAddress(Route route) {
    return route.protocol().equals(Optional.of("kernel"))
        && route.hops().stream().allMatch(hop -> hop.gateway().isEmpty())
        && rangeOf(route.destination())
            .filter(range -> !range.own().contains(route.destination()))
            .isEmpty();
  }

  private boolean isLeftOver(Route route) {
    if (!route.type().equals(Route.UNICAST) || route.hops().size() != 1 || !route.isUnclaimed()) {
      return false;
    }
    return rangeOf(route.destination()).filter(range -> isLeftOver(range, route)).isPresent();
  }

  private boolean isLeftOver(Range range, Route route) {
    Cidr destination = route.destination();
    Route.Hop hop = route.hops().getFirst();
    if (range.own().contains(destination)) {
      return false;
    }
    if (devices.stream().anyMatch(device -> leadsInto(device.name(), route))) {
      return true;
    }
    if (route.isCopy()) {
      return hop.gateway().isPresent()
          || hop.device().filter(wanted.devices()::contains).isPresent();
    }
    if (hop.gateway().isEmpty() || destination.equals(range.network())) {
      return false;
    }
    if (range.live().contains(destination)) {
      return range.networkDevice().filter(device -> !leadsInto(device, route)).isPresent();
    }
    return wanted.isGone(range, destination);
  }

  private Optional<Range> rangeOf(Cidr destination) {
    return wanted.ranges().stream()
        .filter(range -> range.network().contains(destination))
        .findFirst();
  }

  private static boolean leadsInto(String device, Route route) {
    return route.hops().stream().anyMatch(hop -> hop.device().equals(Optional.of(device)));
  }

  /**
   * The candidates that have to stay, because a live peer would have no route without them, or a
   * wrong one.
   */
  private Set<Route> needed(List<String> kept) {
    Set<Route> needed = new HashSet<>();
    // The usual case: nothing is left over.
    boolean grows = !candidates.isEmpty();
    while (grows) {
      grows = false;
      // A route that stays for one peer may be wider and affect another.
      for (Range range : wanted.ranges()) {
        for (Cidr peer : peers(range)) {
          List<Route> more = needed(range, peer, needed);
          if (needed.addAll(more)) {
            grows = true;
            kept.add(
                "the route %s stays: it is the only way to %s".formatted(more.getFirst(), peer));
          }
        }
      }
    }
    return needed;
  }

  /** The other nodes' ranges; if not all are known, also those that may belong to a live node. */
  private Set<Cidr> peers(Range range) {
    if (range.complete()) {
      return range.live();
    }
    Set<Cidr> peers = new HashSet<>(range.live());
    candidates.stream()
        .map(Route::destination)
        .filter(range.network()::contains)
        .filter(destination -> !destination.equals(range.network()))
        .forEach(peers::add);
    return peers;
  }

  private List<Route> needed(Range range, Cidr peer, Set<Route> staying) {
    List<Route> covering =
        Stream.iterate(peer.prefix(), prefix -> prefix >= range.network().prefix(), n -> n - 1)
            .map(prefix -> new Cidr(peer.family(), peer.network(), prefix))
            .flatMap(destination -> byDestination.getOrDefault(destination, List.of()).stream())
            .toList();
    Optional<Route> next =
        covering.stream()
            .filter(route -> !candidates.contains(route) || staying.contains(route))
            .min(
                Comparator.comparingInt((Route route) -> -route.destination().prefix())
                    .thenComparingLong(Route::metric));
    if (next.filter(this::isRight).isPresent()) {
      return List.of();
    }
    Predicate<Route> leadsThere =
        route -> covering.contains(route) || peer.contains(route.destination());
    return candidates.stream().filter(leadsThere).toList();
  }

  /** Whether a route leads somewhere without using a left-over. */
  private boolean isRight(Route route) {
    return route.type().equals(Route.UNICAST)
        && !route.isCopy()
        && devices.stream().noneMatch(device -> leadsInto(device.name(), route));
  }
}
