package io.flannel.operator.report.path;

import io.flannel.operator.api.FlannelNodeStatus.Route;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How packets travel. In a rollout or with direct routing that differs from pair to pair, and the
 * route in force decides. If no such route is known, it is how they should travel.
 *
 * @param backend what carries them
 * @param encapsulated whether they go through the tunnel
 * @param route the sender's route in force, if its agent reports it
 */
record PathRoute(Backend backend, boolean encapsulated, Optional<Route> route) {
  /**
   * Determines how packets travel.
   *
   * @param known the backends that nodes may run, the one in force first
   */
  static PathRoute of(PathEndpoint from, PathEndpoint to, Cidr.Family family, List<Backend> known) {
    List<Backend> candidates = Stream.concat(known.stream(), Backend.usual().stream()).toList();
    Optional<Route> route = from.toward(to).flatMap(AgentReport.Path::route);
    Optional<String> device = route.flatMap(it -> Optional.ofNullable(it.device()));
    Optional<Backend> tunnel =
        device.flatMap(
            name ->
                candidates.stream()
                    .filter(it -> it.device(family).filter(name::equals).isPresent())
                    .findFirst());
    if (tunnel.isPresent()) {
      return new PathRoute(tunnel.get(), true, route);
    }
    Backend own =
        from.backendType()
            .flatMap(
                type ->
                    candidates.stream().filter(it -> it.type().wireName().equals(type)).findFirst())
            .orElse(candidates.getFirst());
    boolean direct =
        own.encapsulation().isEmpty()
            || (device.isPresent()
                && route.get().destination() == null
                && from.findings(to).stream()
                    .noneMatch(found -> found.fault() == NodeFault.ROUTE_WRONG));
    return new PathRoute(own, !direct, route);
  }

  /**
   * Returns the route as {@code ip route} prints it.
   *
   * @param subnet the receiver's pod range
   */
  Optional<String> routeText(Optional<Cidr> subnet) {
    return route.map(
        it -> {
          String destination =
              it.destination() == null
                  ? subnet.map(Cidr::toString).orElse("the peer's pods")
                  : it.destination();
          if (it.device() == null) {
            return destination + " leads nowhere";
          }
          return (destination.equals("0.0.0.0/0") ? "default" : destination)
              + (it.gateway() == null ? "" : " via " + it.gateway())
              + " dev "
              + it.device()
              + (Boolean.TRUE.equals(it.onlink()) ? " onlink" : "");
        });
  }
}
