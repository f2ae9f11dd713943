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
 * Runs tasks on nodes by pods: some at a time, again when one fails, and remembers nothing. See
 * {@link TaskSchedule}.
 */
public final class NodeTasks {
  private static final Logger LOG = LoggerFactory.getLogger(NodeTasks.class);

  /** Of all nodes, so many percent have a task at the same time; one at least. */
  private static final int PERCENT_AT_ONCE = 10;

  /** So long after the API server took a pod not, it is asked again. */
  static final Duration REFUSED_LOOK = Duration.ofSeconds(30);

  private final ApplyContext context;

  public NodeTasks(ApplyContext context) {
    this.context = context;
  }

  /**
   * Starts what can be started, and deletes pods that are needed no more. A pod that the API server
   * refuses is a failure of its node's task.
   *
   * @param tasks what tasks are told; other nodes need no task of this kind
   * @param repeat so long after a task did all, one is made again if it is still asked for
   */
  TaskSchedule run(DesiredNetwork network, Kind kind, TaskInputs tasks, Optional<Duration> repeat) {
    SortedMap<String, String> hashes = new TreeMap<>();
    tasks.nodes().forEach(node -> hashes.put(node, tasks.hash().apply(node)));
    TaskSchedule schedule =
        TaskSchedule.of(
            hashes,
            pods(kind).map(TaskPod::seen).toList(),
            Math.max(1, (int) context.watches().list(Node.class).count() * PERCENT_AT_ONCE / 100),
            repeat,
            context.clock().instant());
    SortedMap<String, String> refused = make(network, kind, schedule.starts(), tasks);
    delete(kind, schedule.deletions());
    return schedule.refused(refused, REFUSED_LOOK);
  }

  /** The pods of a kind. */
  Stream<TaskPod> pods(Kind kind) {
    return TaskObserver.pods(context.watches(), kind);
  }

  /**
   * Makes pods, those that are there already excepted.
   *
   * @return by node, why the API server refused its pod
   * @throws Applier.ApplyException if there is no API server to refuse one
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

  /** Deletes pods of a kind. */
  void delete(Kind kind, Collection<String> names) {
    Set<String> all = Set.copyOf(names);
    delete(pods(kind).filter(pod -> all.contains(pod.seen().name())));
  }

  /** Deletes all pods of a kind, whatever they are at. */
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
      // The cache lags behind: it is there already.
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
