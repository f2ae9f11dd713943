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
 * Takes flannel off the nodes when its network goes: first its pods, then on each node what they
 * made there, then what they published of the node. That a Node has flannel's annotations is the
 * record of what is yet to be done; but only where this network ever ran: others' flannels, such as
 * the one inside k3s, write the same.
 *
 * <p>A node without a CNI configuration is NotReady, so the task itself makes it so: only a node
 * whose kubelet says nothing any more is not tried.
 */
public final class NodeCleanup {
  /** So long without progress, and what is left stays: a node may be off for good. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final ApplyContext context;
  private final Watches watches;
  private final Pruner pruner;
  private final NodeTasks tasks;
  private final Instant actingSince;

  /**
   * Prepares it.
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
   * What is waited for.
   *
   * @param how far it is, in a sentence
   */
  public record Pending(Duration lookAgain, String how) {}

  /**
   * Does what can be done now.
   *
   * @return empty: nothing is left to be waited for
   */
  public Optional<Pending> run(DesiredNetwork network, FlannelNetwork deleted) {
    Optional<Instant> flannelEnds = pruner.endFlannel(network, context.clock().instant());
    Optional<Duration> flannel = flannelEnds.flatMap(since -> until(since.plus(PATIENCE)));
    if (flannel.isPresent()) {
      return flannel.map(look -> new Pending(look, "flannel's pods end"));
    }
    // While it was paused, or no operator ran, nothing was tried.
    Instant began =
        Stream.concat(
                Stream.concat(
                    flannelEnds.stream(),
                    Times.tryParse(deleted.getMetadata().getDeletionTimestamp()).stream()),
                Stream.of(actingSince))
            .max(Comparator.naturalOrder())
            .orElseThrow();
    if (othersFlannelRuns(network)) {
      // What a task began would take the other's.
      tasks.end(Kind.CLEANUP);
      return Optional.empty();
    }
    if (!everRan(network, deleted)) {
      return Optional.empty();
    }
    SortedMap<String, ClusterNode> published = published();
    Set<String> begun = begun();
    // flanneld would put back what is removed beside it.
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
      say(deleted, left, failed);
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

  /** A flannel of someone else's, or another network's that takes over what this one leaves. */
  private boolean othersFlannelRuns(DesiredNetwork network) {
    return pruner.isOthersFlannelThere(network)
        || watches
            .list(FlannelNetwork.class)
            .filter(other -> !other.getMetadata().getName().equals(network.name()))
            .anyMatch(other -> !other.isMarkedForDeletion());
  }

  /** By what it wrote, which goes last, or else by its status: somebody may have deleted that. */
  private boolean everRan(DesiredNetwork network, FlannelNetwork deleted) {
    return pruner.configMaps(network).findAny().isPresent()
        || Optional.ofNullable(deleted.getStatus()).map(FlannelNetworkStatus::applied).isPresent();
  }

  /** Whatever the spec says by now, routes go to what was ever applied, too. */
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

  /** The nodes that have a pod for this task, whatever became of them. */
  private Set<String> begun() {
    return tasks.pods(Kind.CLEANUP).map(TaskPod::seen).map(SeenPod::node).collect(toSet());
  }

  /**
   * By the status, as flanneld wrote it: the right to change Nodes is not needed for that.
   *
   * @return why the API server refused it
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
   * When the last flannel pod was to end, or the last node had its first attempt, or ended it: as
   * the pods say that are still there. One that was made just now may not have been seen yet.
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
    // Who deletes a pod by hand may give it a year.
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

  private void say(FlannelNetwork deleted, Set<String> left, SortedMap<String, String> failed) {
    context
        .events()
        .record(
            deleted,
            new NetworkEvent(
                true,
                "NodesNotCleaned",
                "flannel's devices, routes, rules and files may still be on %s%s; reboot the nodes, or"
                        .formatted(Names.ofNodes(List.copyOf(left)), first(failed))
                    + " remove them there, with /etc/cni/net.d/10-flannel.conflist"));
  }

  private static String first(SortedMap<String, String> failed) {
    return failed.entrySet().stream()
        .findFirst()
        .map(failure -> " (%s: %s)".formatted(failure.getKey(), failure.getValue()))
        .orElse("");
  }
}
