package io.flannel.operator.decide.plan;

import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.preflight.Preflight;
import io.flannel.operator.decide.preflight.PreflightPlan;
import io.flannel.operator.decide.preflight.PreflightRound;
import io.flannel.operator.decide.preflight.PreflightRound.TriedPod;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.flannel.Encapsulation;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.util.List;
import java.util.Optional;

/**
 * The pre-flight of a change that is about to begin: the nodes try the new encapsulation with each
 * other before the first of them moves to it.
 *
 * @param encapsulation the new one
 * @param plan which nodes try it with each other
 * @param round which pods to create and delete, and what they found
 */
public record PreflightTasks(
    Encapsulation encapsulation, PreflightPlan plan, PreflightRound round) {

  /**
   * Decides whether a pre-flight is needed, and how to continue it.
   *
   * @param uid tells apart changes to the same template: the FlannelNetwork's uid and the attempt
   * @param pods the pre-flight's pods
   * @return empty if there is nothing to try
   */
  static Optional<PreflightTasks> of(
      Observation seen, RolloutState rollout, String uid, List<TriedPod> pods) {
    Optional<Encapsulation> untried = Preflight.toBeTried(seen.wanted(), seen.cluster(), rollout);
    if (untried.isEmpty()) {
      return Optional.empty();
    }
    PreflightPlan plan =
        PreflightPlan.of(
            seen.wanted(),
            seen.leases(),
            seen.reports(),
            seen.cluster().live().flatMap(LiveFlannel::config).flatMap(AppliedConfig::backend),
            rollout.step().marks().revision() + uid);
    return plan.tasks().isEmpty()
        ? Optional.empty()
        : Optional.of(
            new PreflightTasks(
                untried.get(),
                plan,
                PreflightRound.of(plan, seen.wanted().backend(), pods, seen.now())));
  }

  /** Returns why the change must not begin; empty if it may. */
  Optional<Decision> objection() {
    return round.verdict().objection(encapsulation);
  }

  /**
   * Returns why the change must not begin if the API server rejects a pod.
   *
   * @param why the API server's message
   */
  public Optional<Decision> notMade(String why) {
    return Preflight.notMade(why).objection(encapsulation);
  }
}
