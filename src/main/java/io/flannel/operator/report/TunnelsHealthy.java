package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.health.TunnelVerdict;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.Names;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The condition that says whether packets pass between all nodes.
 *
 * @param status False if some nodes' tunnels lose packets, Unknown if that is not known for all
 *     nodes
 * @param reason one word, for programs
 * @param message a sentence, for people
 * @param waiting whether what is unknown will come by itself: agents have only just started
 */
record TunnelsHealthy(Status status, String reason, String message, boolean waiting) {

  /**
   * Judges the tunnels.
   *
   * @param installing whether flannel is being installed for the first time: a tunnel that does not
   *     work yet may not exist yet
   * @param dualStack whether pods have addresses of both families, of which only IPv4 is measured
   */
  static TunnelsHealthy of(
      Optional<TunnelVerdicts> tunnels, boolean installing, boolean dualStack) {
    if (tunnels.isEmpty()) {
      return new TunnelsHealthy(
          Status.UNKNOWN,
          "NotMeasured",
          "spec.health.enabled is false: nothing measures the tunnels",
          false);
    }
    Map<String, TunnelVerdict> nodes = tunnels.get().nodes();
    List<String> ill =
        named(nodes, it -> it.tunnel() == Tunnel.DOWN || it.tunnel() == Tunnel.DEGRADED);
    if (!ill.isEmpty() && installing) {
      return new TunnelsHealthy(
          Status.UNKNOWN,
          "TunnelsUnknown",
          "flannel is being installed, and packets do not pass on %d of %d nodes yet: %s"
              .formatted(ill.size(), nodes.size(), Names.and(ill)),
          true);
    }
    if (!ill.isEmpty()) {
      return new TunnelsHealthy(
          Status.FALSE,
          "TunnelsUnhealthy",
          "something is wrong with the tunnels of %d of %d nodes: %s; problems names the causes"
              .formatted(ill.size(), nodes.size(), Names.and(ill)),
          false);
    }
    List<String> unknown = named(nodes, it -> it.tunnel() == Tunnel.UNKNOWN);
    if (!unknown.isEmpty() || nodes.isEmpty()) {
      return new TunnelsHealthy(
          Status.UNKNOWN,
          "TunnelsUnknown",
          "whether packets pass is not known of %d of %d nodes: %s"
              .formatted(unknown.size(), nodes.size(), Names.and(unknown)),
          nodes.values().stream().allMatch(it -> comesByItself(it, tunnels.get())));
    }
    return new TunnelsHealthy(
        Status.TRUE,
        "AllTunnelsHealthy",
        "packets pass between all of %d nodes%s"
            .formatted(nodes.size(), dualStack ? " over IPv4; IPv6 is not measured" : ""),
        false);
  }

  private static List<String> named(
      Map<String, TunnelVerdict> nodes, Predicate<TunnelVerdict> which) {
    return nodes.entrySet().stream()
        .filter(entry -> which.test(entry.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }

  /**
   * Whether the node's state will come by itself: no fault is known, or its agent's first report is
   * not overdue yet.
   */
  private static boolean comesByItself(TunnelVerdict verdict, TunnelVerdicts tunnels) {
    Optional<ProblemReason> cause = verdict.cause();
    return cause.isEmpty()
        || (cause.get() == TunnelProblem.NOT_REPORTED
            && tunnels.troubles().stream()
                .noneMatch(trouble -> trouble.cause() == TunnelProblem.NOT_REPORTED));
  }
}
