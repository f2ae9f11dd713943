package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.StepResult;
import io.flannel.operator.decide.StepSchedule;
import io.flannel.operator.decide.StepSchedule.StepPod;
import io.flannel.operator.overlay.Names;
import io.flannel.operator.overlay.WantedNetwork;
import io.flannel.operator.render.NodeAgentSettings;
import io.flannel.operator.render.NodeStepPod;
import io.flannel.operator.render.NodeStepPod.Kind;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs steps on nodes by pods: some at a time, again when one fails, and remembers nothing. See
 * {@link StepSchedule}.
 */
final class NodeSteps {
  private static final Logger LOG = LoggerFactory.getLogger(NodeSteps.class);

  /** Of all nodes, so many percent have a step at the same time; one at least. */
  private static final int PERCENT_AT_ONCE = 10;

  /** So long after the API server took a pod not, it is asked again. */
  static final Duration REFUSED_LOOK = Duration.ofSeconds(30);

  private final KubernetesClient client;
  private final Watches watches;
  private final NodeAgentSettings settings;
  private final Clock clock;

  NodeSteps(KubernetesClient client, Watches watches, NodeAgentSettings settings, Clock clock) {
    this.client = client;
    this.watches = watches;
    this.settings = settings;
    this.clock = clock;
  }

  /**
   * Starts what can be started, and deletes pods that are needed no more. A pod that the API server
   * refuses is a failure of its node's step.
   *
   * @param orders by node, what its step is told; nodes without one need no step of this kind
   * @param repeat so long after a step did all, one is made again if it is still asked for
   */
  StepSchedule run(
      WantedNetwork network,
      Kind kind,
      SortedMap<String, String> orders,
      Optional<Duration> repeat) {
    SortedMap<String, String> hashes = new TreeMap<>();
    orders.forEach((node, order) -> hashes.put(node, NodeStepPod.hash(order)));
    StepSchedule schedule =
        StepSchedule.of(
            hashes,
            pods(kind).map(NodeSteps::read).toList(),
            Math.max(1, (int) watches.list(Node.class).count() * PERCENT_AT_ONCE / 100),
            repeat,
            clock.instant());
    SortedMap<String, String> refused = make(network, kind, schedule.starts(), orders);
    delete(kind, schedule.deletions());
    return schedule.refused(refused, REFUSED_LOOK);
  }

  /** The pods of a kind. */
  Stream<Pod> pods(Kind kind) {
    return watches
        .list(Pod.class)
        .filter(pod -> kind.label().equals(label(pod, NodeStepPod.KIND_LABEL)));
  }

  /**
   * What waits until pods of a kind are at work no more. One that was deleted may be, until kubelet
   * has ended it; where kubelet says nothing, until the patience with it has ended.
   *
   * @param before what waits, and for which pods, as the beginning of a sentence
   * @return empty: none is at work
   */
  Optional<Decision> awaitEnd(Kind kind, String before) {
    List<String> atWork = atWork(kind);
    return atWork.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Decision.Wait(
                StepSchedule.ENDING, "%s ends on %s".formatted(before, Names.ofNodes(atWork))));
  }

  private List<String> atWork(Kind kind) {
    return pods(kind)
        .filter(pod -> !hasEnded(pod))
        .map(NodeSteps::read)
        .filter(pod -> clock.instant().isBefore(pod.since().plus(StepSchedule.PATIENCE)))
        .map(StepPod::node)
        .distinct()
        .sorted()
        .toList();
  }

  /**
   * Makes pods, those that are there already excepted.
   *
   * @return by node, why the API server refused its pod
   * @throws Applier.ApplyException if there is no API server to refuse one
   */
  SortedMap<String, String> make(
      WantedNetwork network,
      Kind kind,
      List<StepSchedule.Start> starts,
      SortedMap<String, String> orders) {
    SortedMap<String, String> refused = new TreeMap<>();
    if (starts.isEmpty()) {
      return refused;
    }
    Map<String, Node> nodes = new TreeMap<>();
    watches.list(Node.class).forEach(node -> nodes.put(node.getMetadata().getName(), node));
    for (StepSchedule.Start start : starts) {
      Node node = nodes.get(start.node());
      String order = orders.get(start.node());
      if (node != null && order != null) {
        start(
                NodeStepPod.render(
                    network,
                    settings,
                    new NodeStepPod.Step(
                        kind, start.node(), node.getMetadata().getUid(), order, start.attempt())),
                kind,
                start)
            .ifPresent(why -> refused.put(start.node(), why));
      }
    }
    return refused;
  }

  /** Deletes pods of a kind. */
  void delete(Kind kind, Collection<String> names) {
    pods(kind)
        .filter(pod -> names.contains(pod.getMetadata().getName()))
        .filter(pod -> !pod.isMarkedForDeletion())
        .forEach(pod -> client.resource(pod).delete());
  }

  /** Deletes all pods of a kind, whatever they are at. */
  void end(Kind kind) {
    delete(kind, pods(kind).map(pod -> pod.getMetadata().getName()).toList());
  }

  private Optional<String> start(Pod pod, Kind kind, StepSchedule.Start start) {
    try {
      client.resource(pod).create();
      LOG.info("step {} on node {}, attempt {}", kind.label(), start.node(), start.attempt());
      return Optional.empty();
    } catch (KubernetesClientException e) {
      // The cache lags behind: it is there already.
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        return Optional.empty();
      }
      String why = "%s could not be made: %s".formatted(Applier.name(pod), ApiFault.said(e));
      if (ApiFault.isAnswer(e)) {
        return Optional.of(why);
      }
      throw new Applier.ApplyException(why, e);
    }
  }

  /** What a pod was told; empty: it is none of a step's. */
  static Optional<String> order(Pod pod) {
    return pod.getSpec().getContainers().stream()
        .flatMap(container -> container.getEnv().stream())
        .filter(variable -> variable.getName().equals(NodeStepPod.ORDER))
        .map(EnvVar::getValue)
        .filter(Objects::nonNull)
        .findFirst();
  }

  /** What a pod is, and came to. */
  static StepPod read(Pod pod) {
    var meta = pod.getMetadata();
    Optional<ContainerStateTerminated> end =
        containers(pod).flatMap(it -> Stream.ofNullable(it.getState().getTerminated())).findFirst();
    boolean deleted = pod.isMarkedForDeletion();
    String since =
        end.map(ContainerStateTerminated::getFinishedAt)
            .orElse(deleted ? meta.getDeletionTimestamp() : meta.getCreationTimestamp());
    return new StepPod(
        meta.getName(),
        pod.getSpec().getNodeName(),
        annotation(pod, NodeStepPod.ORDER_ANNOTATION),
        attempt(annotation(pod, NodeStepPod.ATTEMPT_ANNOTATION)),
        Instant.parse(since),
        hasEnded(pod) || deleted ? Optional.of(result(pod, end)) : Optional.empty(),
        waiting(pod));
  }

  private static boolean hasEnded(Pod pod) {
    String phase = pod.getStatus() == null ? "" : pod.getStatus().getPhase();
    return "Succeeded".equals(phase) || "Failed".equals(phase);
  }

  private static StepResult result(Pod pod, Optional<ContainerStateTerminated> end) {
    return end.flatMap(state -> StepResult.read(state.getMessage()))
        .orElseGet(
            () ->
                StepResult.failed(
                    "its pod %s ended without a result: %s"
                        .formatted(
                            pod.getMetadata().getName(),
                            pod.isMarkedForDeletion()
                                ? "it was deleted"
                                : end.map(state -> "exit code " + state.getExitCode())
                                    .or(() -> Optional.ofNullable(pod.getStatus().getReason()))
                                    .orElse("nobody says why"))));
  }

  /** Why the container has not been started, if kubelet says it. */
  private static String waiting(Pod pod) {
    return containers(pod)
        .flatMap(it -> Stream.ofNullable(it.getState().getWaiting()))
        .findFirst()
        .map(
            state ->
                state.getReason() + (state.getMessage() == null ? "" : ": " + state.getMessage()))
        .orElse("");
  }

  private static Stream<ContainerStatus> containers(Pod pod) {
    return Optional.ofNullable(pod.getStatus()).stream()
        .flatMap(status -> status.getContainerStatuses().stream())
        .filter(container -> container.getName().equals(NodeStepPod.CONTAINER))
        .filter(container -> container.getState() != null);
  }

  private static String label(Pod pod, String key) {
    return Optional.ofNullable(pod.getMetadata().getLabels())
        .orElse(Map.of())
        .getOrDefault(key, "");
  }

  private static String annotation(Pod pod, String key) {
    return Optional.ofNullable(pod.getMetadata().getAnnotations())
        .orElse(Map.of())
        .getOrDefault(key, "");
  }

  private static int attempt(String text) {
    return text.matches("[1-9][0-9]{0,8}") ? Integer.parseInt(text) : 1;
  }
}
