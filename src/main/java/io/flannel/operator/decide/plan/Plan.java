package io.flannel.operator.decide.plan;

import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.rollout.RolloutState;
import java.time.Duration;
import java.util.Optional;

/**
 * What to do about the cluster's objects now. It is carried out in the order of its components, up
 * to the first write that the API server rejects.
 *
 * @param possible whether the spec can be carried out on this cluster
 * @param decision whether to carry it out now: a possible spec may have to wait, or its pre-flight
 *     may fail
 * @param paused whether {@code spec.paused} is set: then only the status is written
 * @param endsCleanup whether to end tasks that remove a network from the nodes: they would remove
 *     this one, too
 * @param endsRemovals whether to end tasks that remove left-overs: they would take what a change
 *     brings for left over
 * @param preflight the pre-flight of a change; empty if none is needed, then its pods are deleted
 * @param keepsProbeKeys whether to create or renew the node agents' probe keys
 * @param rollout how to continue flannel's rollout
 */
public record Plan(
    Decision possible,
    Decision decision,
    boolean paused,
    boolean endsCleanup,
    boolean endsRemovals,
    Optional<PreflightTasks> preflight,
    boolean keepsProbeKeys,
    RolloutState rollout) {

  /** Whether to write flannel's objects as the spec asks. */
  public boolean writes() {
    return decision instanceof Decision.Accept && !paused;
  }

  /** Whether the spec waits for tasks to end. */
  public boolean awaitsTasks() {
    return possible instanceof Decision.Accept
        && decision instanceof Decision.Wait
        && preflight.isEmpty();
  }

  /** Delay before the requeue for the pre-flight; empty if nothing changes without an event. */
  public Optional<Duration> lookAgain() {
    return preflight.flatMap(it -> it.round().lookAgain());
  }

  public Plan withDecision(Decision other) {
    return new Plan(
        possible, other, paused, endsCleanup, endsRemovals, preflight, keepsProbeKeys, rollout);
  }
}
