package io.flannel.operator.decide.plan;

import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.decide.task.TaskSchedule;
import io.flannel.operator.flannel.Names;
import java.util.List;
import java.util.Optional;

/** Decides what to do about the cluster's objects. */
public final class Planner {
  private Planner() {}

  /**
   * What the observation lacks of the FlannelNetwork.
   *
   * @param uid its {@code metadata.uid}
   * @param target the template that the spec asks for
   * @param paused whether {@code spec.paused} is set
   */
  public record Request(String uid, RolloutState.Target target, boolean paused) {}

  /** Decides from what was observed before anything is written. */
  public static Plan plan(Observation seen, ObservedTasks tasks, Request request) {
    Decision possible = SpecValidator.judge(seen.wanted(), seen.cluster());
    RolloutState rollout = RolloutState.of(seen, request.target());
    boolean acting = possible instanceof Decision.Accept && !request.paused();
    boolean changing = acting && tasks.cleaning().isEmpty() && rollout.begins(seen.cluster());
    boolean endsRemovals = changing && !tasks.removing().isEmpty();
    Optional<Decision> wait = acting ? waitForTasks(tasks, endsRemovals) : Optional.empty();
    Optional<PreflightTasks> preflight =
        acting && wait.isEmpty()
            ? PreflightTasks.of(
                seen, rollout, request.uid() + request.target().attempt(), tasks.preflight())
            : Optional.empty();
    Decision decision =
        wait.or(() -> preflight.flatMap(PreflightTasks::objection))
            .or(() -> otherPods(seen, rollout, acting))
            .orElse(possible);
    boolean inForce = decision instanceof Decision.Accept || seen.cluster().live().isPresent();
    return new Plan(
        possible,
        decision,
        request.paused(),
        acting,
        endsRemovals,
        preflight,
        inForce && !request.paused() && seen.wanted().health().enabled(),
        rollout);
  }

  private static Optional<Decision> waitForTasks(ObservedTasks tasks, boolean changing) {
    if (!tasks.cleaning().isEmpty()) {
      return waitFor(
          tasks.cleaning(),
          "before flannel comes to the nodes, what takes an earlier network off them");
    }
    return changing
        ? waitFor(
            tasks.removing(),
            "before the first node is changed, what removes the left-overs of the last change")
        : Optional.empty();
  }

  private static Optional<Decision> waitFor(List<String> nodes, String what) {
    return Optional.of(
        new Decision.Wait(
            TaskSchedule.WAITING, "%s ends on %s".formatted(what, Names.ofNodes(nodes))));
  }

  private static Optional<Decision> otherPods(
      Observation seen, RolloutState rollout, boolean acting) {
    return acting
        ? SpecValidator.otherPods(seen.wanted(), seen.cluster(), rollout)
        : Optional.empty();
  }
}
