package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.agent.checks.LeftOvers.DeviceRemoval;
import io.flannel.operator.agent.checks.LeftOvers.Removal;
import io.flannel.operator.agent.checks.LeftOvers.RouteRemoval;
import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** For any routes on a node: what may be removed, and what no plan ever breaks. */
class LeftOversPropertyTest {
  private static final Cidr NETWORK = Cidr.parse("10.244.0.0/16");
  private static final Cidr OWN = Cidr.parse("10.244.1.0/24");
  private static final Set<Cidr> LIVE =
      IntStream.rangeClosed(2, 5)
          .mapToObj("10.244.%d.0/24"::formatted)
          .map(Cidr::parse)
          .collect(Collectors.toSet());
  private static final List<String> DEVICES =
      List.of("eth0", "cni0", "flannel.1", "flannel.7", "flannel.ipip", "flannel-wg", "tunl0");

  /** A node after changes of flannel, with any backend and with all or only some peers known. */
  record Node(LeftOvers.Wanted wanted, List<Link> links, List<Route> routes) {
    LeftOvers.Plan plan() {
      return LeftOvers.plan(wanted, links, routes);
    }

    /** The node after all removals. As in the kernel, a device's routes go with it. */
    Node after() {
      Set<String> devices = new TreeSet<>();
      List<Route> gone = new ArrayList<>();
      for (Removal removal : plan().removals()) {
        switch (removal) {
          case DeviceRemoval(Link device) -> devices.add(device.name());
          case RouteRemoval(Route route) -> gone.add(route);
          default -> throw new AssertionError(removal);
        }
      }
      return new Node(
          wanted,
          links.stream().filter(link -> !devices.contains(link.name())).toList(),
          routes.stream()
              .filter(route -> !gone.contains(route))
              .filter(route -> !devices.contains(device(route)))
              .toList());
    }

    Optional<Route> wayTo(Cidr peer) {
      return Optional.ofNullable(LeftOvers.ways(wanted, routes).get(peer));
    }
  }

  @Property(tries = 1500)
  void reachablePeersStayReachableTheSameWayOrByWhatStays(@ForAll("nodes") Node node) {
    Node after = node.after();
    for (Cidr peer : LIVE) {
      Optional<Route> before = node.wayTo(peer);
      Optional<Route> now = after.wayTo(peer);
      assertThat(now.isPresent()).as(() -> "a way to " + peer).isEqualTo(before.isPresent());
      boolean same = now.equals(before);
      boolean lasting =
          now.filter(route -> !isOurCopy(route))
              // A route that another program claims may use any device.
              .filter(route -> !route.isUnclaimed() || !leftOver(after, device(route)))
              .isPresent();
      assertThat(same || lasting).as(() -> "%s: %s, then %s".formatted(peer, before, now)).isTrue();
    }
  }

  @Property(tries = 1500)
  void onlyWithWireguardDoesAWayThatWasNoCopyAndNoLeftOversGo(@ForAll("nodes") Node node) {
    boolean wireguard = node.wanted().devices().contains("flannel-wg");
    for (Cidr peer : LIVE) {
      Optional<Route> before = node.wayTo(peer);
      boolean ordinary =
          before
              .filter(route -> !route.isCopy())
              .filter(route -> !leftOver(node, device(route)))
              .isPresent();
      if (ordinary && !wireguard) {
        assertThat(node.after().wayTo(peer)).isEqualTo(before);
      }
    }
  }

  @Property(tries = 1500)
  void nothingOfOthersIsRemoved(@ForAll("nodes") Node node) {
    for (Removal removal : node.plan().removals()) {
      switch (removal) {
        case DeviceRemoval(Link device) -> {
          assertThat(leftOver(node, device.name())).isTrue();
          assertThat(node.routes())
              .filteredOn(route -> device(route).equals(device.name()))
              .allMatch(
                  route ->
                      node.plan().removals().contains(new RouteRemoval(route))
                          || (route.protocol().equals(Optional.of("kernel"))
                              && route.hops().getFirst().gateway().isEmpty()));
        }
        case RouteRemoval(Route route) -> {
          assertThat(NETWORK.contains(route.destination())).isTrue();
          assertThat(OWN.contains(route.destination())).isFalse();
          assertThat(route.protocol()).contains("boot");
          assertThat(route.type()).isEqualTo(Route.UNICAST);
        }
        default -> throw new AssertionError(removal);
      }
    }
  }

  @Property(tries = 1500)
  void secondRemovalFindsNothing(@ForAll("nodes") Node node) {
    assertThat(node.after().plan().removals()).isEmpty();
  }

  private static boolean isOurCopy(Route route) {
    return route.isCopy()
        && (route.hops().getFirst().gateway().isPresent() || device(route).startsWith("flannel"));
  }

  private static boolean leftOver(Node node, String device) {
    return device.startsWith("flannel") && !node.wanted().devices().contains(device);
  }

  private static String device(Route route) {
    return route.hops().getFirst().device().orElseThrow();
  }

  @Provide
  Arbitrary<Node> nodes() {
    return Combinators.combine(
            Arbitraries.of("flannel.1", "flannel.ipip", "flannel-wg", ""),
            Arbitraries.of(true, false),
            Arbitraries.subsetOf(LIVE),
            Arbitraries.subsetOf(DEVICES),
            routes().list().ofMaxSize(14))
        .as(
            (device, complete, known, devices, routes) ->
                new Node(
                    new LeftOvers.Wanted(
                        device.isEmpty() ? Set.of() : Set.of(device),
                        List.of(
                            new LeftOvers.Range(
                                NETWORK,
                                OWN,
                                complete ? LIVE : known,
                                complete,
                                device.equals("flannel-wg")
                                    ? Optional.of(device)
                                    : Optional.empty()))),
                    devices.stream().map(LeftOversPropertyTest::link).toList(),
                    // A route exists only with its device.
                    routes.stream()
                        .filter(route -> devices.contains(device(route)))
                        .distinct()
                        .toList()));
  }

  private static Arbitrary<Route> routes() {
    Arbitrary<String> destinations =
        Arbitraries.of(
            Stream.concat(
                    IntStream.rangeClosed(1, 8).mapToObj("10.244.%d.0/24"::formatted),
                    Stream.of(
                        "10.244.0.0/16",
                        "10.244.2.0/25",
                        "10.244.2.0/23",
                        "10.9.0.0/16",
                        "0.0.0.0/0"))
                .toList());
    return Combinators.combine(
            destinations,
            Arbitraries.of("10.244.2.0", "192.168.0.82", "192.168.0.83", "-"),
            Arbitraries.of(DEVICES),
            Arbitraries.of("0", "0", "4096", "20"),
            Arbitraries.of("boot", "boot", "boot", "kernel", "static"))
        .as(
            (destination, gateway, device, metric, protocol) ->
                LeftOversTest.routes(
                        String.join(" ", destination, gateway, device, metric, protocol))
                    .getLast());
  }

  private static Link link(String name) {
    String kind =
        name.equals("flannel.ipip") || name.equals("tunl0")
            ? "ipip"
            : name.equals("flannel-wg")
                ? "wireguard"
                : name.startsWith("flannel") ? "vxlan" : "veth";
    return SimulatedNode.device(name, kind);
  }
}
