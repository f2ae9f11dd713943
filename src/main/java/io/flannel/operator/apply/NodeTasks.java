package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.decide.task.TaskSchedule;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.observe.TaskObserver;
import io.flannel.operator.observe.TaskPod;
import io.flannel.operator.render.task.NodeTaskPod;
import io.flannel.operator.render.task.NodeTaskPod.Kind;
import io.flannel.operator.runtime.ApiErrors;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks on nodes in pods: a limited number at a time, with retries. It keeps no state. See
 * {@link TaskSchedule}.
 */
public final class NodeTasks {
  private static final Logger LOG = LoggerFactory.getLogger(NodeTasks.class);

  /** Percentage of all nodes on which tasks run at the same time; at least one node. */
  private static final int PERCENT_AT_ONCE = 10;

  /** Delay before a pod that the API server rejected is tried again. */
  static final Duration REFUSED_LOOK = Duration.ofSeconds(30);

  private final ApplyContext context;

  public NodeTasks(ApplyContext context) {
    this.context = context;
  }

  /**
   * Starts the tasks that can be started, and deletes pods that are no longer needed. If the API
   * server refuses a pod, its node's task counts as failed.
   *
   * @param tasks the tasks' inputs; other nodes need no task of this kind
   * @param repeat delay after a complete success before the task runs again if it is still
   *     requested
   */
  TaskSchedule run(DesiredNetwork network, Kind kind, TaskInputs tasks, Optional<Duration> repeat) {
    SortedMap<String, String> hashes = new TreeMap<>();
    tasks.nodes().forEach(node -> hashes.put(node, tasks.hash().apply(node)));
    TaskSchedule schedule =
        TaskSchedule.of(
            hashes,
            pods(kind).map(TaskPod::seen).toList(),
            Math.max(
                tasks.atOnce(),
                (int) context.watches().list(Node.class).count() * PERCENT_AT_ONCE / 100),
            repeat,
            context.clock().instant());
    SortedMap<String, String> refused = make(network, kind, schedule.starts(), tasks);
    delete(kind, schedule.deletions());
    return schedule.refused(refused, REFUSED_LOOK);
  }

  /** The pods of tasks of this kind. */
  Stream<TaskPod> pods(Kind kind) {
    return TaskObserver.pods(context.watches(), kind);
  }

  /**
   * Creates pods, except those that already exist.
   *
   * @return by node, why the API server refused its pod
   * @throws Applier.ApplyException if the API server can't be reached
   */
  SortedMap<String, String> make(
      DesiredNetwork network, Kind kind, List<TaskSchedule.Start> starts, TaskInputs tasks) {
    SortedMap<String, String> refused = new TreeMap<>();
    if (starts.isEmpty()) {
      return refused;
    }
    Map<String, Node> nodes = new TreeMap<>();
    context
        .watches()
        .list(Node.class)
        .forEach(node -> nodes.put(node.getMetadata().getName(), node));
    for (TaskSchedule.Start start : starts) {
      Node node = nodes.get(start.node());
      if (node != null && tasks.nodes().contains(start.node())) {
        start(
                NodeTaskPod.render(
                    network,
                    context.agents(),
                    new NodeTaskPod.Task(
                        kind,
                        start.node(),
                        node.getMetadata().getUid(),
                        tasks.input().apply(start.node()),
                        tasks.hash().apply(start.node()),
                        start.attempt())),
                kind,
                start)
            .ifPresent(why -> refused.put(start.node(), why));
      }
    }
    return refused;
  }

  /** Deletes the pods of this kind with these names. */
  void delete(Kind kind, Collection<String> names) {
    Set<String> all = Set.copyOf(names);
    delete(pods(kind).filter(pod -> all.contains(pod.seen().name())));
  }

  /** Deletes all pods of this kind, even running ones. */
  public void end(Kind kind) {
    delete(pods(kind));
  }

  private void delete(Stream<TaskPod> pods) {
    pods.map(TaskPod::pod)
        .filter(pod -> !pod.isMarkedForDeletion())
        .forEach(pod -> context.client().resource(pod).delete());
  }

  private Optional<String> start(Pod pod, Kind kind, TaskSchedule.Start start) {
    try {
      context.client().resource(pod).create();
      LOG.info("task {} on node {}, attempt {}", kind.label(), start.node(), start.attempt());
      return Optional.empty();
    } catch (KubernetesClientException e) {
      // The cache lags behind: the pod already exists.
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        return Optional.empty();
      }
      String why = "%s could not be made: %s".formatted(Applier.name(pod), ApiErrors.said(e));
      if (ApiErrors.isAnswer(e)) {
        return Optional.of(why);
      }
      throw new Applier.ApplyException(why, e);
    }
  }
}
