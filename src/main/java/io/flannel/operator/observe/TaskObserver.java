package io.flannel.operator.observe;

import static java.util.Comparator.comparingInt;
import static java.util.stream.Collectors.toMap;

import io.flannel.operator.decide.plan.ObservedTasks;
import io.flannel.operator.decide.preflight.PreflightRound.TriedPod;
import io.flannel.operator.decide.task.TaskSchedule;
import io.flannel.operator.decide.task.TaskSchedule.SeenPod;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.render.task.NodeTaskPod.Kind;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;

/** Reads the state of tasks from their pods. */
public final class TaskObserver {
  private TaskObserver() {}

  /** The pods of tasks of this kind. */
  public static Stream<TaskPod> pods(Watches watches, Kind kind) {
    return watches.taskPods().filter(pod -> pod.kind().equals(kind.label()));
  }

  /** Reads everything about tasks that decisions depend on. */
  public static ObservedTasks observe(Watches watches, Instant now) {
    return new ObservedTasks(
        atWork(watches, Kind.CLEANUP, now),
        atWork(watches, Kind.LEFT_OVERS, now),
        pods(watches, Kind.PREFLIGHT)
            .map(pod -> new TriedPod(pod.seen(), pod.told().preflight()))
            .toList(),
        suspected(watches));
  }

  /**
   * Returns the nodes where pods of this kind may be at work. A deleted pod may be, until kubelet
   * has ended it or, if kubelet does not report that, until {@link TaskSchedule#PATIENCE} has
   * passed.
   */
  private static List<String> atWork(Watches watches, Kind kind, Instant now) {
    return pods(watches, kind)
        .filter(pod -> !pod.ended())
        .map(TaskPod::seen)
        .filter(pod -> now.isBefore(pod.since().plus(TaskSchedule.PATIENCE)))
        .map(SeenPod::node)
        .distinct()
        .sorted()
        .toList();
  }

  private static Map<String, Set<Cidr>> suspected(Watches watches) {
    Map<String, TaskPod> last =
        pods(watches, Kind.LEFT_OVERS)
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
