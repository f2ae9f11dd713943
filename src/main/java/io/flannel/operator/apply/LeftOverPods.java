package io.flannel.operator.apply;

import static java.util.Comparator.comparingInt;
import static java.util.stream.Collectors.toMap;

import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.adoption.ForeignFlannelValidator;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.leftover.LeftOverRemoval;
import io.flannel.operator.decide.leftover.LeftOverTasks;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.decide.task.TaskSchedule;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.ShortHash;
import io.flannel.operator.observe.TaskPod;
import io.flannel.operator.render.task.NodeTaskPod.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BinaryOperator;

/** Has what flannel left removed from the nodes where it is. */
public final class LeftOverPods {
  /** An agent tells within seconds that nothing is left; if it still is, it is tried again. */
  private static final Duration REPEAT = Duration.ofMinutes(1);

  private final NodeTasks steps;

  public LeftOverPods(NodeTasks steps) {
    this.steps = steps;
  }

  /**
   * Ends the tasks before a change begins: to one that is still at work, what the change brings
   * would be left over.
   *
   * @param course how flannel's rollout goes on
   * @return what the change waits for; empty: it may begin, or there is none
   */
  public Optional<Decision> endBefore(ClusterState cluster, RolloutState course) {
    if (!course.begins(cluster)) {
      return Optional.empty();
    }
    Optional<Decision> wait =
        steps.awaitEnd(
            Kind.LEFT_OVERS,
            "before the first node is changed, what removes the left-overs of the last change");
    wait.ifPresent(_ -> steps.end(Kind.LEFT_OVERS));
    return wait;
  }

  /**
   * What came of it.
   *
   * @param reports the agents' reports as they are to be told of
   */
  public record Outcome(Map<String, AgentReport> reports, Optional<Duration> lookAgain) {}

  /**
   * Starts the tasks that are due: none beside another's flannel, since what one takes for left
   * over may be the other's.
   *
   * @param reports by node
   * @param decision on the spec: nothing is done unless it is accepted
   * @param acting whether anything may be done
   */
  public Outcome run(
      DesiredNetwork wanted,
      FlannelNetwork network,
      ClusterState cluster,
      List<NodeLease> leases,
      Map<String, AgentReport> reports,
      Decision decision,
      boolean acting) {
    PreviousStatus before = PreviousStatus.of(Optional.ofNullable(network.getStatus()));
    LeftOverRemoval removal =
        LeftOverRemoval.of(wanted, cluster, leases, reports, before, suspected());
    boolean alone = ForeignFlannelValidator.beside(wanted, cluster).isEmpty();
    if (acting && !alone) {
      steps.end(Kind.LEFT_OVERS);
    }
    if (!acting || !alone) {
      boolean soon = decision instanceof Decision.Wait;
      return new Outcome(removal.postponed(soon).told(reports, Map.of()), Optional.empty());
    }
    TaskSchedule schedule =
        steps.run(wanted, Kind.LEFT_OVERS, tasks(removal.tasks()), Optional.of(REPEAT));
    return new Outcome(removal.told(reports, schedule.failed()), schedule.lookAgain());
  }

  private static TaskInputs tasks(LeftOverTasks tasks) {
    String common = ShortHash.of(tasks.common().json());
    return new TaskInputs(
        tasks.nodes().keySet(), node -> ShortHash.of(common + tasks.identity(node)), tasks::json);
  }

  /** What the last tasks took for ranges of nodes that are gone, by node; and were told so. */
  private Map<String, Set<Cidr>> suspected() {
    Map<String, TaskPod> last =
        steps
            .pods(Kind.LEFT_OVERS)
            .collect(
                toMap(
                    pod -> pod.seen().node(),
                    pod -> pod,
                    BinaryOperator.maxBy(comparingInt(pod -> pod.seen().attempt()))));
    Map<String, Set<Cidr>> suspected = new TreeMap<>();
    last.forEach((node, pod) -> suspected.put(node, pod.suspected()));
    return suspected;
  }
}
