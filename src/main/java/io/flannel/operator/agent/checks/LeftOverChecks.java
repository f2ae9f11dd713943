package io.flannel.operator.agent.checks;

import io.flannel.operator.agent.checks.DepartedPeers.NeighbourRemoval;
import io.flannel.operator.agent.checks.LeftOvers.Removal;
import io.flannel.operator.agent.checks.LeftOvers.RouteRemoval;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Names;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Checks for left-overs of another backend or of a rollout. A route to a node that is gone is
 * reported as {@link NodeFault#ROUTE_STALE} instead, unless it leads into a left-over device.
 */
final class LeftOverChecks {
  private LeftOverChecks() {}

  static List<Finding> of(Expected expected, KernelState state) {
    List<Link> devices = LeftOvers.devices(expected, state);
    List<RouteRemoval> routes =
        LeftOvers.plan(expected, state).removals().stream()
            .filter(RouteRemoval.class::isInstance)
            .map(RouteRemoval.class::cast)
            .filter(removal -> !isStale(expected, devices, removal.route()))
            .toList();
    List<NeighbourRemoval> neighbours =
        DepartedPeers.neighbours(expected.wanted(), state.neighbours().value().orElse(List.of()));
    if (devices.isEmpty() && routes.isEmpty() && neighbours.isEmpty()) {
      return List.of();
    }
    List<String> found = new ArrayList<>();
    devices.forEach(device -> found.add(new LeftOvers.DeviceRemoval(device).toString()));
    some("the route ", "routes", routes).ifPresent(found::add);
    some("", "neighbours of nodes that are gone", neighbours).ifPresent(found::add);
    boolean one = devices.size() + routes.size() + neighbours.size() == 1;
    return List.of(
        Finding.ofNode(
            NodeFault.LEFT_OVERS,
            "there %s %s; there should be none".formatted(one ? "is" : "are", Names.and(found))));
  }

  private static Optional<String> some(String article, String many, List<? extends Removal> all) {
    return all.stream()
        .map(Removal::toString)
        .sorted()
        .findFirst()
        .map(
            first ->
                all.size() == 1
                    ? article + first
                    : "%d %s, such as %s".formatted(all.size(), many, first));
  }

  private static boolean isStale(Expected expected, List<Link> devices, Route route) {
    Stream<Optional<String>> left = devices.stream().map(device -> Optional.of(device.name()));
    Optional<String> device = route.hops().getFirst().device();
    return !route.isCopy()
        && left.noneMatch(device::equals)
        && expected.peers().stream().noneMatch(peer -> peer.subnet().equals(route.destination()));
  }
}
