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
 * The pre-flight of a change that is to begin: the nodes try the new encapsulation among each other
 * before the first of them moves to it.
 *
 * @param encapsulation the new one
 * @param plan who tries with whom
 * @param round which pods are made and deleted, and what they found
 */
public record PreflightTasks(
    Encapsulation encapsulation, PreflightPlan plan, PreflightRound round) {

  /**
   * Decides.
   *
   * @param uid what the change has alone, beside its template: of the FlannelNetwork and its
   *     attempt
   * @param pods those of the pre-flight
   * @return empty: nothing is to be tried
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

  /** Why the change must not begin; empty: it may. */
  Optional<Decision> objection() {
    return round.verdict().objection(encapsulation);
  }

  /**
   * Why the change must not begin where the API server takes a pod not.
   *
   * @param why what it says
   */
  public Optional<Decision> notMade(String why) {
    return Preflight.notMade(why).objection(encapsulation);
  }
}
