package io.flannel.operator.apply;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.preflight.Preflight;
import io.flannel.operator.decide.preflight.PreflightPlan;
import io.flannel.operator.decide.preflight.PreflightRound;
import io.flannel.operator.decide.preflight.PreflightRound.TriedPod;
import io.flannel.operator.decide.preflight.PreflightTask;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Encapsulation;
import io.flannel.operator.flannel.ShortHash;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.render.task.NodeTaskPod.Kind;
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
public final class PreflightPods {
  private final NodeTasks steps;
  private final Clock clock;

  public PreflightPods(NodeTasks steps, Clock clock) {
    this.steps = steps;
    this.clock = clock;
  }

  /**
   * What came of it.
   *
   * @param objection why the change must not begin; empty: it may, or there is none
   */
  public record Outcome(Optional<Decision> objection, Optional<Duration> lookAgain) {
    /** There is nothing to be tried. */
    public static final Outcome NOTHING = new Outcome(Optional.empty(), Optional.empty());
  }

  /**
   * Does what is due. The pods stay until the change is written, or given up.
   *
   * @param attempt what differs when the same change is to be tried again
   * @param reports of the node agents, by node
   * @param course how flannel's rollout would go on
   * @param acting whether anything may be done
   */
  public Outcome run(
      DesiredNetwork wanted,
      String attempt,
      ClusterState cluster,
      Map<String, AgentReport> reports,
      RolloutState course,
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
                .map(pod -> new TriedPod(pod.seen(), pod.told().preflight()))
                .toList(),
            clock.instant());
    steps.delete(Kind.PREFLIGHT, round.deletions());
    SortedMap<String, String> refused =
        steps.make(wanted, Kind.PREFLIGHT, round.starts(), tasks(plan));
    if (!refused.isEmpty()) {
      return new Outcome(
          Preflight.notMade(refused.firstEntry().getValue()).objection(untried.get()),
          Optional.of(NodeTasks.REFUSED_LOOK));
    }
    return new Outcome(round.verdict().objection(untried.get()), round.lookAgain());
  }

  /** Deletes all its pods. */
  public void end() {
    steps.end(Kind.PREFLIGHT);
  }

  private static TaskInputs tasks(PreflightPlan plan) {
    SortedMap<String, PreflightTask> tasks = plan.tasks();
    UnaryOperator<String> order = node -> Objects.requireNonNull(tasks.get(node), node).toJson();
    return new TaskInputs(tasks.keySet(), node -> ShortHash.of(order.apply(node)), order);
  }
}
