package io.flannel.operator.decide.plan;

import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.adoption.ForeignFlannelValidator;
import io.flannel.operator.decide.leftover.LeftOverRemoval;
import io.flannel.operator.decide.nodespec.NodeSpecs;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.rollout.RestartGrace;
import io.flannel.operator.decide.task.TaskSchedule;
import io.flannel.operator.flannel.Cidr;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/**
 * What to do on the nodes by the configuration in force, once the cluster's objects are written.
 *
 * @param specs the FlannelNodes' specs, by node; empty if they stay as they are
 * @param removal which left-overs to remove
 * @param removes whether tasks remove them now
 * @param endsRemovals whether to end such tasks: beside another flannel, what looks left over may
 *     belong to it
 * @param failed why the task that removes left-overs failed, by node; empty until {@link
 *     #withTasks}
 * @param lookAgain delay before the requeue for these tasks; empty if nothing changes without an
 *     event
 */
public record NodePlan(
    Optional<SortedMap<String, FlannelNodeSpec>> specs,
    LeftOverRemoval removal,
    boolean removes,
    boolean endsRemovals,
    SortedMap<String, String> failed,
    Optional<Duration> lookAgain) {

  /**
   * Decides what to do on the nodes.
   *
   * @param now the cluster as observed after the plan was carried out
   * @param suspected see {@link ObservedTasks}
   */
  public static NodePlan of(Observation now, Plan plan, Map<String, Set<Cidr>> suspected) {
    boolean alone = ForeignFlannelValidator.beside(now.wanted(), now.cluster()).isEmpty();
    boolean removes = plan.writes() && alone;
    LeftOverRemoval removal = LeftOverRemoval.of(now, suspected);
    boolean inForce = plan.writes() || now.cluster().live().isPresent();
    return new NodePlan(
        !plan.paused() && inForce
            ? Optional.of(NodeSpecs.of(now.wanted(), now.cluster(), now.leases(), now.reports()))
            : Optional.empty(),
        removes ? removal : removal.postponed(plan.decision() instanceof Decision.Wait),
        removes,
        plan.writes() && !alone,
        Collections.emptySortedMap(),
        Optional.empty());
  }

  /** Adds the schedule of the tasks that remove left-overs. */
  public NodePlan withTasks(TaskSchedule schedule) {
    return new NodePlan(
        specs, removal, removes, endsRemovals, schedule.failed(), schedule.lookAgain());
  }

  /** Returns the plan for when the API server rejected an earlier write: nothing is removed. */
  public NodePlan postponed() {
    return new NodePlan(specs, removal.postponed(false), false, false, failed, lookAgain);
  }

  /**
   * Returns the observation without findings that are no problem yet: left-overs that will be
   * removed, and what flanneld has yet to program.
   */
  public Observation told(Observation now) {
    return now.withReports(
        RestartGrace.told(
            removal.told(now.reports(), failed),
            now.cluster().pods(),
            now.wanted().health(),
            now.now()));
  }
}
