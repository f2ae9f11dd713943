package io.flannel.operator.agent.checks;

import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.flannel.Cidr;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What packets pass on the node, in the form of a FlannelNode's status. */
final class PacketPathState {
  private static final Pattern NOT_IN_NAME = Pattern.compile("[" + Bounds.NOT_IN_DEVICE + "]");

  private PacketPathState() {}

  /** The tunnel device; the IPv4 one if there are two. */
  static Optional<FlannelNodeStatus.Device> tunnel(Expected expected, KernelState state) {
    return expected.tunnels().stream()
        .findFirst()
        .flatMap(
            tunnel ->
                state.link(tunnel.name()).map(link -> device(link, tunnel.address()::equals)));
  }

  /** NIC, bridge and routes; the previous routes if they cannot be read. */
  static LocalState.Way of(Expected expected, KernelState state, LocalState.Way before) {
    return new LocalState.Way(
        expected.nic(state).map(link -> device(link, expected.publicIp()::equals)),
        state
            .link(PodChecks.BRIDGE)
            .map(
                link ->
                    device(
                        link,
                        own ->
                            expected.pods().stream()
                                .anyMatch(range -> range.node().contains(own)))),
        state.routes().value().map(table -> routes(expected, table)).orElseGet(before::routes));
  }

  /** Includes the address that matters or, if the device lacks it, another one. */
  private static FlannelNodeStatus.Device device(Link link, Predicate<Cidr> matters) {
    return new FlannelNodeStatus.Device(
        printable(link.name()),
        link.kind().filter(kind -> kind.length() <= Bounds.DEVICE_KIND).orElse(null),
        link.up(),
        Math.clamp(link.mtu(), 0, Bounds.LARGEST_MTU),
        link.addresses().stream()
            .filter(own -> matters.test(own.address()))
            .findFirst()
            .or(
                () ->
                    Stream.of(Cidr.Family.values())
                        .flatMap(family -> link.addresses(family).stream())
                        .findFirst())
            .map(Link.InterfaceAddress::toString)
            .orElse(null));
  }

  private static Map<String, FlannelNodeStatus.Route> routes(
      Expected expected, RoutingTable table) {
    Map<String, FlannelNodeStatus.Route> routes = HashMap.newHashMap(expected.peers().size());
    for (Expected.Peer peer : expected.peers()) {
      table
          .to(Cidr.ofAddress(peer.subnet().base()))
          .ifPresent(route -> routes.put(peer.name(), route(route, peer.subnet())));
    }
    return routes;
  }

  /** Includes only the first hop of a multipath route. */
  private static FlannelNodeStatus.Route route(Route route, Cidr subnet) {
    Optional<Route.Hop> hop =
        route.type().equals(Route.UNICAST) ? route.hops().stream().findFirst() : Optional.empty();
    return new FlannelNodeStatus.Route(
        orNull(Optional.of(route.destination()).filter(it -> !it.equals(subnet))),
        hop.flatMap(Route.Hop::gateway).map(Cidr::base).orElse(null),
        hop.flatMap(Route.Hop::device).map(PacketPathState::printable).orElse(null),
        route.onlink() ? true : null);
  }

  /** The kernel lets a device's name contain characters that the API refuses. */
  private static String printable(String device) {
    return NOT_IN_NAME.matcher(device).replaceAll("?");
  }

  private static @Nullable String orNull(Optional<Cidr> range) {
    return range.map(Cidr::toString).orElse(null);
  }
}
