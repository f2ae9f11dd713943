package io.flannel.operator.decide.rollout;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.util.Optional;

/**
 * How flannel's rollout goes on: which nodes are through, and which template is to be on the
 * others.
 *
 * @param gates the readiness gates to open, and what the others wait for
 * @param step what to do about the DaemonSet
 * @param underWay whether pods of different templates run
 * @param away the nodes that it goes on without
 */
public record RolloutState(
    RolloutGates gates, RolloutAction step, boolean underWay, SkippedNodes away) {

  /**
   * The template that the spec asks for.
   *
   * @param revision of the template
   * @param attempt the FlannelNetwork's annotation {@code flannel.io/retry}; empty: none
   */
  public record Target(String revision, String attempt) {}

  /** Judges by what was seen before anything is written. */
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

  /**
   * Whether the next thing to do is to write another template than the live one, and the change
   * thus begins.
   */
  public boolean begins(ClusterState cluster) {
    return step instanceof RolloutAction.Forward forward
        && cluster
            .live()
            .filter(live -> !live.marks().revision().equals(forward.marks().revision()))
            .isPresent();
  }

  /** The rollout that failed and is, or is being, taken back. */
  public Optional<RolledBack> rolledBack() {
    return step instanceof RolloutAction.Back back ? back.marks().rolledBack() : Optional.empty();
  }

  private static boolean isUnderWay(FlannelPods pods) {
    return pods.all().stream().map(pod -> pod.revision()).distinct().count() > 1;
  }
}
