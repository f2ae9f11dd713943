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
 * What is wanted of the nodes by what is in force now, once the cluster's objects are written.
 *
 * @param specs of the FlannelNodes, by node; empty: they stay as they are
 * @param removal which left-overs are to be removed
 * @param removes whether tasks remove them now
 * @param endsRemovals whether such tasks end: beside another's flannel, what one takes for left
 *     over may be the other's
 * @param failed by node, why the task failed that removes left-overs; as far as it was begun
 * @param lookAgain after so long there is something to do about these tasks without a further event
 */
public record NodePlan(
    Optional<SortedMap<String, FlannelNodeSpec>> specs,
    LeftOverRemoval removal,
    boolean removes,
    boolean endsRemovals,
    SortedMap<String, String> failed,
    Optional<Duration> lookAgain) {

  /**
   * Decides.
   *
   * @param now what is there since the plan was carried out
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

  /** The same once the tasks that remove left-overs are made. */
  public NodePlan withTasks(TaskSchedule schedule) {
    return new NodePlan(
        specs, removal, removes, endsRemovals, schedule.failed(), schedule.lookAgain());
  }

  /** The same where the API server refused what came before: nothing is removed. */
  public NodePlan postponed() {
    return new NodePlan(specs, removal.postponed(false), false, false, failed, lookAgain);
  }

  /**
   * What is there, with the reports as they are to be told of: what is left over is a problem only
   * where it stays, and so is what flanneld is yet to program.
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
