package io.flannel.operator.decide.plan;

import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.rollout.RolloutState;
import java.time.Duration;
import java.util.Optional;

/**
 * What is wanted of the cluster's objects now. It is carried out in the order of its components,
 * and what the API server refuses ends it.
 *
 * @param possible whether the spec can be carried out on this cluster
 * @param decision whether it is carried out now: it may be possible, and wait, or the nodes object
 * @param paused whether {@code spec.paused} is set: nothing is written but the status
 * @param endsCleanup whether tasks end that take a network off the nodes: they would take this one
 *     off, too
 * @param endsRemovals whether tasks end that remove left-overs: to one that is still at work, what
 *     a change brings would be left over
 * @param preflight the pre-flight of a change; empty: its pods go
 * @param keepsProbeKeys whether the node agents' keys are made, or renewed
 * @param rollout how flannel's rollout goes on
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

  /** Whether flannel's objects are brought to what the spec asks for. */
  public boolean writes() {
    return decision instanceof Decision.Accept && !paused;
  }

  /** Whether it waits for tasks to end. */
  public boolean awaitsTasks() {
    return possible instanceof Decision.Accept
        && decision instanceof Decision.Wait
        && preflight.isEmpty();
  }

  /** After so long there is something to do about the pre-flight without a further event. */
  public Optional<Duration> lookAgain() {
    return preflight.flatMap(it -> it.round().lookAgain());
  }

  /** The same with another decision. */
  public Plan withDecision(Decision other) {
    return new Plan(
        possible, other, paused, endsCleanup, endsRemovals, preflight, keepsProbeKeys, rollout);
  }
}
