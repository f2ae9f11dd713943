package io.flannel.operator.apply;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.decide.task.TaskSchedule;
import io.flannel.operator.decide.task.TaskSchedule.SeenPod;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.flannel.Times;
import io.flannel.operator.observe.LiveFlannelReader;
import io.flannel.operator.observe.TaskPod;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.task.NodeTaskPod;
import io.flannel.operator.render.task.NodeTaskPod.Kind;
import io.flannel.operator.report.NetworkEvent;
import io.flannel.operator.runtime.ApiErrors;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Removes flannel from the nodes when its network is deleted: first its pods, then what they
 * created on each node, then what they published on the Node. flannel's annotations on a Node
 * record that it is still to be cleaned up, but only if this network ever ran: other flannels, such
 * as the one in k3s, write the same annotations.
 *
 * <p>A node without a CNI configuration is NotReady, and the task itself causes that. So only a
 * node whose kubelet no longer reports is skipped.
 */
public final class NodeCleanup {
  /** Give up after this long without progress: the node may never come back. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final ApplyContext context;
  private final Watches watches;
  private final Pruner pruner;
  private final NodeTasks tasks;
  private final Instant actingSince;

  /**
   * Creates the clean-up.
   *
   * @param actingSince when this operator began to act: before that, nothing was tried
   */
  public NodeCleanup(ApplyContext context, Instant actingSince) {
    this.context = context;
    this.watches = context.watches();
    this.pruner = new Pruner(context.client(), context.watches(), context.agents());
    this.tasks = new NodeTasks(context);
    this.actingSince = actingSince;
  }

  /**
   * What the clean-up waits for.
   *
   * @param how the progress, as a sentence
   */
  public record Pending(Duration lookAgain, String how) {}

  /**
   * Does what can be done now.
   *
   * @return empty if there is nothing left to wait for
   */
  public Optional<Pending> run(DesiredNetwork network, FlannelNetwork deleted) {
    Optional<Instant> flannelEnds = pruner.endFlannel(network, context.clock().instant());
    Optional<Duration> flannel = flannelEnds.flatMap(since -> until(since.plus(PATIENCE)));
    if (flannel.isPresent()) {
      return flannel.map(look -> new Pending(look, "flannel's pods end"));
    }
    // While the network was paused or no operator ran, nothing was tried.
    Instant began =
        Stream.concat(
                Stream.concat(
                    flannelEnds.stream(),
                    Times.tryParse(deleted.getMetadata().getDeletionTimestamp()).stream()),
                Stream.of(actingSince))
            .max(Comparator.naturalOrder())
            .orElseThrow();
    boolean ran = everRan(network, deleted);
    SortedMap<String, ClusterNode> published = published();
    Optional<String> others = pruner.othersFlannel(network);
    if (others.isPresent() || isTakenOver(network)) {
      // The tasks would remove the other flannel's devices and routes.
      tasks.end(Kind.CLEANUP);
      others
          .filter(_ -> ran && !published.isEmpty())
          .ifPresent(other -> say(deleted, leftTo(other, published.keySet())));
      return Optional.empty();
    }
    if (!ran) {
      return Optional.empty();
    }
    Set<String> begun = begun();
    // A running flanneld would restore what is removed.
    Set<String> flannelRuns = watches.nodesWithFlannelPods();
    Set<String> due =
        published.values().stream()
            .filter(
                node ->
                    begun.contains(node.name())
                        || !(node.lost() || flannelRuns.contains(node.name())))
            .map(ClusterNode::name)
            .collect(toSet());
    TaskSchedule schedule =
        tasks.run(
            network, Kind.CLEANUP, TaskInputs.same(due, order(network, deleted)), Optional.empty());
    SortedMap<String, String> failed = new TreeMap<>(schedule.failed());
    published.keySet().stream()
        .filter(node -> flannelRuns.contains(node) && !due.contains(node))
        .forEach(node -> failed.put(node, "its flannel pod has not ended"));
    Set<String> left = new TreeSet<>(published.keySet());
    for (ClusterNode node : published.values()) {
      if (schedule.done().containsKey(node.name())) {
        withdraw(node)
            .ifPresentOrElse(why -> failed.put(node.name(), why), () -> left.remove(node.name()));
      }
    }
    if (left.isEmpty() && schedule.done().isEmpty()) {
      return Optional.empty();
    }
    Optional<Duration> wait = until(lastProgress(began, schedule).plus(PATIENCE));
    if (wait.isEmpty()) {
      say(deleted, mayBeLeft(left, failed));
      tasks.end(Kind.CLEANUP);
    }
    return wait.map(
        most ->
            new Pending(
                Stream.concat(Stream.of(most), schedule.lookAgain().stream())
                    .min(Comparator.naturalOrder())
                    .orElseThrow(),
                left.isEmpty()
                    ? "flannel is off all nodes"
                    : "flannel is still to be taken off %s%s"
                        .formatted(Names.ofNodes(List.copyOf(left)), first(failed))));
  }

  /** Whether another network takes over what this one leaves. */
  private boolean isTakenOver(DesiredNetwork network) {
    return watches
        .list(FlannelNetwork.class)
        .filter(other -> !other.getMetadata().getName().equals(network.name()))
        .anyMatch(other -> !other.isMarkedForDeletion());
  }

  /**
   * Whether the network ever ran: by its ConfigMaps, which are deleted last, or else by its status,
   * since somebody may have deleted them.
   */
  private boolean everRan(DesiredNetwork network, FlannelNetwork deleted) {
    return pruner.configMaps(network).findAny().isPresent()
        || Optional.ofNullable(deleted.getStatus()).map(FlannelNetworkStatus::applied).isPresent();
  }

  /**
   * Renders the task's input. It includes all ranges ever applied, since routes to them may remain
   * even if the spec has changed.
   */
  private String order(DesiredNetwork network, FlannelNetwork deleted) {
    Stream<Cidr> applied =
        pruner
            .configMaps(network)
            .flatMap(map -> LiveFlannelReader.config(map).stream())
            .flatMap(config -> config.ranges().stream());
    return NodeTaskPod.cleanupTask(
        deleted.getMetadata().getUid(),
        Stream.concat(network.ranges().stream(), applied)
            .distinct()
            .sorted(comparing(Cidr::toString))
            .toList());
  }

  private SortedMap<String, ClusterNode> published() {
    return watches
        .list(Node.class)
        .map(ClusterNode::of)
        .filter(node -> node.isPublished() && !node.isWindows())
        .collect(toMap(ClusterNode::name, node -> node, (one, _) -> one, TreeMap::new));
  }

  /** The nodes that have a pod for this task, in whatever state. */
  private Set<String> begun() {
    return tasks.pods(Kind.CLEANUP).map(TaskPod::seen).map(SeenPod::node).collect(toSet());
  }

  /**
   * Removes flannel's annotations through the status subresource, as flanneld wrote them, which
   * needs no permission to update Nodes.
   *
   * @return why the API server refused it; empty if it did not
   */
  private Optional<String> withdraw(ClusterNode node) {
    List<String> lines =
        node.flannel().keySet().stream()
            .filter(ClusterNode.PUBLISHED::contains)
            .map(key -> "\"%s%s\": null".formatted(ClusterNode.ANNOTATION_PREFIX, key))
            .sorted()
            .toList();
    try {
      context
          .client()
          .nodes()
          .withName(node.name())
          .subresource("status")
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              "{\"metadata\": {\"annotations\": {%s}}}".formatted(String.join(", ", lines)));
      return Optional.empty();
    } catch (KubernetesClientException e) {
      if (!ApiErrors.isAnswer(e)) {
        throw e;
      }
      return ApiErrors.isGone(e)
          ? Optional.empty()
          : Optional.of("its annotations could not be removed: " + ApiErrors.said(e));
    }
  }

  /**
   * When the last progress was made: a flannel pod's end was due, or a node's first attempt began
   * or ended. This is read from the pods that still exist; a pod created just now may not be in the
   * caches yet.
   */
  private Instant lastProgress(Instant began, TaskSchedule schedule) {
    if (schedule.starts().stream().anyMatch(start -> start.attempt() == 1)) {
      return context.clock().instant();
    }
    Stream<Instant> firstAttempts =
        tasks
            .pods(Kind.CLEANUP)
            .map(TaskPod::seen)
            .filter(pod -> pod.attempt() == 1)
            .map(SeenPod::since);
    // Someone who deletes a pod by hand may set a grace period of a year.
    Instant longest = began.plus(PATIENCE);
    Stream<Instant> flannelEnds =
        watches.flannelPodsEnd().map(end -> end.isBefore(longest) ? end : longest);
    return Stream.concat(firstAttempts, flannelEnds)
        .filter(began::isBefore)
        .max(Comparator.naturalOrder())
        .orElse(began);
  }

  private Optional<Duration> until(Instant due) {
    Duration wait = Duration.between(context.clock().instant(), due);
    return wait.isPositive() ? Optional.of(wait) : Optional.empty();
  }

  private void say(FlannelNetwork deleted, String message) {
    context.events().record(deleted, new NetworkEvent(true, "NodesNotCleaned", message));
  }

  private static String mayBeLeft(Set<String> nodes, SortedMap<String, String> failed) {
    return "flannel's devices, routes, rules and files may still be on %s%s; reboot the nodes, or"
            .formatted(Names.ofNodes(List.copyOf(nodes)), first(failed))
        + " remove them there, with /etc/cni/net.d/10-flannel.conflist";
  }

  private static String leftTo(String other, Set<String> nodes) {
    return "another flannel runs, DaemonSet %s, so nothing was removed from %s: what looks left"
            .formatted(other, Names.ofNodes(List.copyOf(nodes)))
        + " over may belong to it; if it runs no flannel on these nodes, see"
        + " docs/left-overs.md for what to remove by hand";
  }

  private static String first(SortedMap<String, String> failed) {
    return failed.entrySet().stream()
        .findFirst()
        .map(failure -> " (%s: %s)".formatted(failure.getKey(), failure.getValue()))
        .orElse("");
  }
}
