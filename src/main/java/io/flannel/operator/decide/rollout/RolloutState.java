package io.flannel.operator.decide.rollout;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.util.Optional;

/**
 * How flannel's rollout goes on: which nodes are done, and which template the others get.
 *
 * @param gates the readiness gates to open, and what the other nodes wait for
 * @param step what to do about the DaemonSet
 * @param underWay whether pods of different templates run
 * @param away the nodes that it skips
 */
public record RolloutState(
    RolloutGates gates, RolloutAction step, boolean underWay, SkippedNodes away) {

  /**
   * The template that the spec asks for.
   *
   * @param revision the template's revision
   * @param attempt the FlannelNetwork's annotation {@code flannel.io/retry}; empty if it has none
   */
  public record Target(String revision, String attempt) {}

  /** Decides from what was observed before anything is written. */
  public static RolloutState of(Observation seen, Target target) {
    Optional<TunnelVerdicts> tunnels = seen.tunnels();
    RolloutGates gates = RolloutGates.judge(seen, tunnels);
    RolloutAction step = RolloutAction.decide(seen, target, tunnels, gates.failed());
    return new RolloutState(
        gates,
        step,
        isUnderWay(seen.cluster().pods()),
        SkippedNodes.from(
            seen.cluster().pods(),
            seen.leases(),
            step.marks().revision(),
            step.marks().unhealthyBefore()));
  }

  /** Whether gates may be opened: {@code spec.paused} stops a rollout where it is. */
  public boolean mayOpenGates(boolean paused) {
    return !paused || !underWay;
  }

  /** Whether the next write replaces the live template, that is, starts a rollout. */
  public boolean begins(ClusterState cluster) {
    return step instanceof RolloutAction.Forward forward
        && cluster
            .live()
            .filter(live -> !live.marks().revision().equals(forward.marks().revision()))
            .isPresent();
  }

  /** The rollout that failed and was, or is being, rolled back. */
  public Optional<RolledBack> rolledBack() {
    return step instanceof RolloutAction.Back back ? back.marks().rolledBack() : Optional.empty();
  }

  private static boolean isUnderWay(FlannelPods pods) {
    return pods.all().stream().map(pod -> pod.revision()).distinct().count() > 1;
  }
}
