package io.flannel.operator.observe;

import static io.flannel.operator.flannel.OrEmpty.orEmpty;

import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.flannel.operator.decide.leftover.LeftOversFound;
import io.flannel.operator.decide.preflight.PreflightTask;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.decide.task.TaskSchedule.SeenPod;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.flannel.Times;
import io.flannel.operator.render.task.NodeTaskPod;
import io.flannel.operator.render.task.NodeTaskPod.Kind;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A task's pod on a node, as far as it is read. Its input may be 100 kB and never changes, so it is
 * parsed once and not kept.
 *
 * @param pod what deleting it and {@link #differ} need
 * @param kind its task's kind, as {@link Kind#label}
 * @param seen its identity and its result
 * @param ended whether kubelet reports that none of its containers runs any more
 * @param told what is kept of its input
 * @param suspected for left-overs, the ranges that may belong to nodes that are gone
 */
public record TaskPod(
    Pod pod, String kind, SeenPod seen, boolean ended, Told told, Set<Cidr> suspected) {

  /** Ours have 10 characters at most. */
  private static final int ANNOTATION_LENGTH = 64;

  private static final int WORDS_LENGTH = 600;

  // The previous version's names: its pods may still run when this version starts. Kept for one
  // version.
  private static final String EARLIER_KIND_LABEL = "flannel.io/" + "step";
  private static final String EARLIER_CLEANUP = "going";
  private static final Set<String> CONTAINERS = Set.of(NodeTaskPod.CONTAINER, "step");
  private static final Set<String> VARIABLES = Set.of(NodeTaskPod.TASK, "ORDER");

  /**
   * What is kept of a pod's input.
   *
   * @param preflight empty if the task is of another kind or an operator of another version created
   *     it
   * @param gone for left-overs, the ranges of nodes that are gone
   */
  public record Told(Optional<PreflightTask> preflight, Set<Cidr> gone) {
    static final Told NOTHING = new Told(Optional.empty(), Set.of());
  }

  /** Returns a store that keeps a few kB of each pod's 10 to 100 kB. */
  static GuardedStore<Pod, TaskPod> store(Clock clock) {
    return new GuardedStore<>((pod, before) -> of(pod, before, clock.instant()), TaskPod::pod);
  }

  /**
   * Reads a pod. Its end is when the operator saw it end, by the operator's clock, since a node's
   * own may be wrong. For a pod that had ended before it was first seen, its end is the time that
   * the node reports, if that is possible.
   *
   * @param before what was last read of a pod with this name
   */
  public static TaskPod of(Pod pod, Optional<TaskPod> before, Instant now) {
    Optional<TaskPod> same = before.filter(it -> uid(it.pod()).equals(uid(pod)));
    SeenPod seen = read(pod, same.map(TaskPod::seen), now);
    String kind = label(pod);
    Told told =
        same.filter(it -> it.kind().equals(kind))
            .map(TaskPod::told)
            .orElseGet(() -> told(pod, kind));
    return new TaskPod(
        slim(pod),
        kind,
        seen,
        hasEnded(pod),
        told,
        kind.equals(Kind.LEFT_OVERS.label())
            ? LeftOversFound.suspected(told.gone(), seen.result())
            : Set.of());
  }

  /** Whether the two differ in what is read of them. */
  public static boolean differ(Pod now, Pod before) {
    return now.isMarkedForDeletion() != before.isMarkedForDeletion()
        || hasEnded(now) != hasEnded(before)
        || !label(now).equals(label(before))
        || !read(now, Optional.empty(), Instant.MAX)
            .equals(read(before, Optional.empty(), Instant.MAX));
  }

  /** Returns a pod's input; empty if it is not a task's pod. */
  public static Optional<String> input(Pod pod) {
    return pod.getSpec().getContainers().stream()
        .flatMap(container -> container.getEnv().stream())
        .filter(variable -> VARIABLES.contains(variable.getName()))
        .map(EnvVar::getValue)
        .filter(Objects::nonNull)
        .findFirst();
  }

  private static Told told(Pod pod, String kind) {
    if (kind.equals(Kind.PREFLIGHT.label())) {
      return new Told(input(pod).flatMap(PreflightTask::read), Set.of());
    }
    if (kind.equals(Kind.LEFT_OVERS.label())) {
      return new Told(Optional.empty(), input(pod).map(LeftOversFound::named).orElse(Set.of()));
    }
    return Told.NOTHING;
  }

  private static SeenPod read(Pod pod, Optional<SeenPod> seen, Instant now) {
    var meta = pod.getMetadata();
    Optional<ContainerStateTerminated> end =
        containers(pod).flatMap(it -> Stream.ofNullable(it.getState().getTerminated())).findFirst();
    boolean over = hasEnded(pod) || pod.isMarkedForDeletion();
    Instant made = Times.tryParse(meta.getCreationTimestamp()).orElse(Instant.EPOCH);
    Instant since =
        over
            ? seen.map(it -> it.result().isPresent() ? it.since() : now)
                .or(() -> end.flatMap(it -> Times.tryParse(it.getFinishedAt())))
                .filter(it -> !it.isBefore(made) && !it.isAfter(now))
                .orElse(now)
            : made;
    return new SeenPod(
        meta.getName(),
        Objects.requireNonNullElse(pod.getSpec().getNodeName(), ""),
        annotation(pod, NodeTaskPod.TASK_HASH_ANNOTATION),
        attempt(annotation(pod, NodeTaskPod.ATTEMPT_ANNOTATION)),
        since,
        over ? Optional.of(result(pod, end)) : Optional.empty(),
        waiting(pod));
  }

  private static boolean hasEnded(Pod pod) {
    String phase = pod.getStatus() == null ? "" : pod.getStatus().getPhase();
    return "Succeeded".equals(phase) || "Failed".equals(phase);
  }

  private static TaskResult result(Pod pod, Optional<ContainerStateTerminated> end) {
    return end.flatMap(state -> TaskResult.read(state.getMessage()))
        .orElseGet(
            () ->
                TaskResult.failed(
                    "its pod %s ended without a result: %s"
                        .formatted(
                            pod.getMetadata().getName(),
                            pod.isMarkedForDeletion()
                                ? "it was deleted"
                                : end.map(state -> "exit code " + state.getExitCode())
                                    .or(() -> reason(pod))
                                    .orElse("nobody says why"))));
  }

  /** Why the container has not started, if kubelet says so. */
  private static String waiting(Pod pod) {
    return containers(pod)
        .flatMap(it -> Stream.ofNullable(it.getState().getWaiting()))
        .findFirst()
        .map(
            state ->
                cut(
                    state.getReason()
                        + (state.getMessage() == null ? "" : ": " + state.getMessage())))
        .orElse("");
  }

  private static Optional<String> reason(Pod pod) {
    return Optional.ofNullable(pod.getStatus()).map(status -> status.getReason()).map(TaskPod::cut);
  }

  /** Shortens text from a node to use it in the operator's messages. */
  private static String cut(String text) {
    return PrintableText.cut(text, WORDS_LENGTH);
  }

  private static Stream<ContainerStatus> containers(Pod pod) {
    return Optional.ofNullable(pod.getStatus()).stream()
        .flatMap(status -> status.getContainerStatuses().stream())
        .filter(container -> CONTAINERS.contains(container.getName()))
        .filter(container -> container.getState() != null);
  }

  private static String label(Pod pod) {
    Map<String, String> labels = orEmpty(pod.getMetadata().getLabels());
    String earlier = labels.getOrDefault(EARLIER_KIND_LABEL, "");
    return labels.getOrDefault(
        NodeTaskPod.KIND_LABEL, earlier.equals(EARLIER_CLEANUP) ? Kind.CLEANUP.label() : earlier);
  }

  private static String annotation(Pod pod, String key) {
    return PrintableText.cut(
        orEmpty(pod.getMetadata().getAnnotations()).getOrDefault(key, ""), ANNOTATION_LENGTH);
  }

  private static int attempt(String text) {
    return text.matches("[1-9][0-9]{0,8}") ? Integer.parseInt(text) : 1;
  }

  private static String uid(Pod pod) {
    return String.valueOf(pod.getMetadata().getUid());
  }

  /** Returns what is read of a pod, except its input. */
  private static Pod slim(Pod pod) {
    return new PodBuilder()
        .withMetadata(
            Identity.of(pod.getMetadata())
                .withLabels(Map.of(NodeTaskPod.KIND_LABEL, label(pod)))
                .withAnnotations(
                    Map.of(
                        NodeTaskPod.TASK_HASH_ANNOTATION,
                        annotation(pod, NodeTaskPod.TASK_HASH_ANNOTATION),
                        NodeTaskPod.ATTEMPT_ANNOTATION,
                        annotation(pod, NodeTaskPod.ATTEMPT_ANNOTATION)))
                .build())
        .withNewSpec()
        .withNodeName(pod.getSpec().getNodeName())
        .endSpec()
        .withNewStatus()
        .withPhase(pod.getStatus() == null ? null : pod.getStatus().getPhase())
        .withReason(reason(pod).orElse(null))
        .withContainerStatuses(containers(pod).map(TaskPod::slim).toList())
        .endStatus()
        .build();
  }

  /** A node writes it, with texts of any length. */
  private static ContainerStatus slim(ContainerStatus container) {
    ContainerStateTerminated end = container.getState().getTerminated();
    ContainerStateWaiting waits = container.getState().getWaiting();
    var state = new ContainerStateBuilder();
    if (end != null) {
      state
          .withNewTerminated()
          .withExitCode(end.getExitCode())
          .withFinishedAt(end.getFinishedAt())
          .withMessage(TaskResult.isKept(end.getMessage()) ? end.getMessage() : "")
          .endTerminated();
    }
    if (waits != null) {
      state
          .withNewWaiting()
          .withReason(waits.getReason() == null ? null : cut(waits.getReason()))
          .withMessage(waits.getMessage() == null ? null : cut(waits.getMessage()))
          .endWaiting();
    }
    ContainerStatus slim = new ContainerStatus();
    slim.setName(container.getName());
    slim.setState(state.build());
    return slim;
  }
}
