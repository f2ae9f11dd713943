package io.flannel.operator.control;

import static java.util.Comparator.comparingInt;
import static java.util.stream.Collectors.toMap;

import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.decide.AgentReport;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Course;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.ForeignFlannelJudge;
import io.flannel.operator.decide.LastSaid;
import io.flannel.operator.decide.LeftOverRemoval;
import io.flannel.operator.decide.LeftOverTasks;
import io.flannel.operator.decide.NodeLease;
import io.flannel.operator.decide.StepSchedule;
import io.flannel.operator.overlay.Cidr;
import io.flannel.operator.overlay.WantedNetwork;
import io.flannel.operator.render.NodeStepPod;
import io.flannel.operator.render.NodeStepPod.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BinaryOperator;

/** Has what flannel left removed from the nodes where it is. */
final class LeftOverSteps {
  /** An agent tells within seconds that nothing is left; if it still is, it is tried again. */
  private static final Duration REPEAT = Duration.ofMinutes(1);

  private final NodeSteps steps;

  LeftOverSteps(NodeSteps steps) {
    this.steps = steps;
  }

  /**
   * Ends the steps before a change begins: to one that is still at work, what the change brings
   * would be left over.
   *
   * @param course how flannel's rollout goes on
   * @return what the change waits for; empty: it may begin, or there is none
   */
  Optional<Decision> endBefore(ClusterState cluster, Course course) {
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
  record Outcome(Map<String, AgentReport> reports, Optional<Duration> lookAgain) {}

  /**
   * Starts the steps that are due: none beside another's flannel, since what one takes for left
   * over may be the other's.
   *
   * @param reports by node
   * @param decision on the spec: nothing is done unless it is accepted
   * @param acting whether anything may be done
   */
  Outcome run(
      WantedNetwork wanted,
      FlannelNetwork network,
      ClusterState cluster,
      List<NodeLease> leases,
      Map<String, AgentReport> reports,
      Decision decision,
      boolean acting) {
    LastSaid before = LastSaid.of(Optional.ofNullable(network.getStatus()));
    LeftOverRemoval removal =
        LeftOverRemoval.of(wanted, cluster, leases, reports, before, suspected());
    boolean alone = ForeignFlannelJudge.beside(wanted, cluster).isEmpty();
    if (acting && !alone) {
      steps.end(Kind.LEFT_OVERS);
    }
    if (!acting || !alone) {
      boolean soon = decision instanceof Decision.Wait;
      return new Outcome(removal.postponed(soon).told(reports, Map.of()), Optional.empty());
    }
    StepSchedule schedule =
        steps.run(wanted, Kind.LEFT_OVERS, tasks(removal.tasks()), Optional.of(REPEAT));
    return new Outcome(removal.told(reports, schedule.failed()), schedule.lookAgain());
  }

  private static NodeTasks tasks(LeftOverTasks tasks) {
    String common = NodeStepPod.hash(tasks.common().json());
    return new NodeTasks(
        tasks.nodes().keySet(),
        node -> NodeStepPod.hash(common + tasks.identity(node)),
        tasks::json);
  }

  /** What the last steps took for ranges of nodes that are gone, by node; and were told so. */
  private Map<String, Set<Cidr>> suspected() {
    Map<String, TaskPod> last =
        steps
            .pods(Kind.LEFT_OVERS)
            .collect(
                toMap(
                    pod -> pod.step().node(),
                    pod -> pod,
                    BinaryOperator.maxBy(comparingInt(pod -> pod.step().attempt()))));
    Map<String, Set<Cidr>> suspected = new TreeMap<>();
    last.forEach((node, pod) -> suspected.put(node, pod.suspected()));
    return suspected;
  }
}
