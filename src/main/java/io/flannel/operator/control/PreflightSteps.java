package io.flannel.operator.control;

import io.flannel.operator.decide.AgentReport;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Course;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.NodeLease;
import io.flannel.operator.decide.Preflight;
import io.flannel.operator.decide.PreflightPlan;
import io.flannel.operator.decide.PreflightRound;
import io.flannel.operator.decide.PreflightRound.TriedPod;
import io.flannel.operator.decide.PreflightTask;
import io.flannel.operator.overlay.AppliedConfig;
import io.flannel.operator.overlay.Encapsulation;
import io.flannel.operator.overlay.LiveFlannel;
import io.flannel.operator.overlay.WantedNetwork;
import io.flannel.operator.render.NodeStepPod;
import io.flannel.operator.render.NodeStepPod.Kind;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.UnaryOperator;

/**
 * Has the nodes try a new encapsulation among each other before the first of them moves to it. What
 * is known of it are its pods: see {@link PreflightRound}.
 */
final class PreflightSteps {
  private final NodeSteps steps;
  private final Clock clock;

  PreflightSteps(NodeSteps steps, Clock clock) {
    this.steps = steps;
    this.clock = clock;
  }

  /**
   * What came of it.
   *
   * @param objection why the change must not begin; empty: it may, or there is none
   */
  record Outcome(Optional<Decision> objection, Optional<Duration> lookAgain) {
    /** There is nothing to be tried. */
    static final Outcome NOTHING = new Outcome(Optional.empty(), Optional.empty());
  }

  /**
   * Does what is due. The pods stay until the change is written, or given up.
   *
   * @param attempt what differs when the same change is to be tried anew
   * @param reports of the node agents, by node
   * @param course how flannel's rollout would go on
   * @param acting whether anything may be done
   */
  Outcome run(
      WantedNetwork wanted,
      String attempt,
      ClusterState cluster,
      Map<String, AgentReport> reports,
      Course course,
      boolean acting) {
    Optional<Encapsulation> untried =
        acting ? Preflight.toBeTried(wanted, cluster, course) : Optional.empty();
    if (untried.isEmpty()) {
      end();
      return Outcome.NOTHING;
    }
    PreflightPlan plan =
        PreflightPlan.of(
            wanted,
            NodeLease.judge(wanted, cluster),
            reports,
            cluster.live().flatMap(LiveFlannel::config).flatMap(AppliedConfig::backend),
            course.step().marks().revision() + attempt);
    if (plan.tasks().isEmpty()) {
      end();
      return Outcome.NOTHING;
    }
    PreflightRound round =
        PreflightRound.of(
            plan,
            wanted.backend(),
            steps
                .pods(Kind.PREFLIGHT)
                .map(pod -> new TriedPod(pod.step(), pod.told().preflight()))
                .toList(),
            clock.instant());
    steps.delete(Kind.PREFLIGHT, round.deletions());
    SortedMap<String, String> refused =
        steps.make(wanted, Kind.PREFLIGHT, round.starts(), tasks(plan));
    if (!refused.isEmpty()) {
      return new Outcome(
          Preflight.notMade(refused.firstEntry().getValue()).objection(untried.get()),
          Optional.of(NodeSteps.REFUSED_LOOK));
    }
    return new Outcome(round.verdict().objection(untried.get()), round.lookAgain());
  }

  /** Deletes all its pods. */
  void end() {
    steps.end(Kind.PREFLIGHT);
  }

  private static NodeTasks tasks(PreflightPlan plan) {
    SortedMap<String, PreflightTask> tasks = plan.tasks();
    UnaryOperator<String> order = node -> Objects.requireNonNull(tasks.get(node), node).toJson();
    return new NodeTasks(tasks.keySet(), node -> NodeStepPod.hash(order.apply(node)), order);
  }
}
