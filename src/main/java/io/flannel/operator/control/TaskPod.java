package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.flannel.operator.decide.LeftOversFound;
import io.flannel.operator.decide.PreflightTask;
import io.flannel.operator.decide.StepResult;
import io.flannel.operator.decide.StepSchedule.StepPod;
import io.flannel.operator.overlay.Cidr;
import io.flannel.operator.overlay.PrintableText;
import io.flannel.operator.overlay.Times;
import io.flannel.operator.render.NodeStepPod;
import io.flannel.operator.render.NodeStepPod.Kind;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A task's pod on a node, as far as it is read. What it was told may be 100 kB and never changes,
 * so it is read once and not kept.
 *
 * @param pod what its deletion and {@link #differ} need
 * @param kind its task's, as {@link Kind#label}
 * @param step what it is, and came to
 * @param ended whether kubelet says that none of its containers runs any more
 * @param told what it was told
 * @param suspected for left-overs, the ranges that may be those of nodes that are gone
 */
record TaskPod(Pod pod, String kind, StepPod step, boolean ended, Told told, Set<Cidr> suspected) {

  private static final int WORDS_LENGTH = 600;

  /**
   * What a pod was told, as far as it is needed afterwards.
   *
   * @param preflight empty: it is of another kind, or an operator of another version made it
   * @param gone for left-overs, the ranges of nodes that are gone
   */
  record Told(Optional<PreflightTask> preflight, Set<Cidr> gone) {
    static final Told NOTHING = new Told(Optional.empty(), Set.of());
  }

  /**
   * Reads a pod. When it ended is when that was seen, by this clock, since a node's own may be
   * wrong; of one that had ended before it was seen at all, what the node says, if it can be.
   *
   * @param before what was read of a pod of this name before
   */
  static TaskPod of(Pod pod, @Nullable TaskPod before, Instant now) {
    Optional<TaskPod> same =
        Optional.ofNullable(before).filter(it -> uid(it.pod()).equals(uid(pod)));
    StepPod step = read(pod, same.map(TaskPod::step), now);
    String kind = label(pod);
    Told told =
        same.filter(it -> it.kind().equals(kind))
            .map(TaskPod::told)
            .orElseGet(() -> told(pod, kind));
    return new TaskPod(
        slim(pod),
        kind,
        step,
        hasEnded(pod),
        told,
        kind.equals(Kind.LEFT_OVERS.label())
            ? LeftOversFound.suspected(told.gone(), step.result())
            : Set.of());
  }

  /** Whether the two differ in what is read. */
  static boolean differ(Pod now, Pod before) {
    return now.isMarkedForDeletion() != before.isMarkedForDeletion()
        || hasEnded(now) != hasEnded(before)
        || !label(now).equals(label(before))
        || !read(now, Optional.empty(), Instant.MAX)
            .equals(read(before, Optional.empty(), Instant.MAX));
  }

  /** What a pod was told; empty: it is none of a task's. */
  static Optional<String> order(Pod pod) {
    return pod.getSpec().getContainers().stream()
        .flatMap(container -> container.getEnv().stream())
        .filter(variable -> NodeStepPod.ORDER.equals(variable.getName()))
        .map(EnvVar::getValue)
        .filter(Objects::nonNull)
        .findFirst();
  }

  private static Told told(Pod pod, String kind) {
    if (kind.equals(Kind.PREFLIGHT.label())) {
      return new Told(order(pod).flatMap(PreflightTask::read), Set.of());
    }
    if (kind.equals(Kind.LEFT_OVERS.label())) {
      return new Told(Optional.empty(), order(pod).map(LeftOversFound::named).orElse(Set.of()));
    }
    return Told.NOTHING;
  }

  private static StepPod read(Pod pod, Optional<StepPod> seen, Instant now) {
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
    return new StepPod(
        meta.getName(),
        Objects.requireNonNullElse(pod.getSpec().getNodeName(), ""),
        annotation(pod, NodeStepPod.ORDER_ANNOTATION),
        attempt(annotation(pod, NodeStepPod.ATTEMPT_ANNOTATION)),
        since,
        over ? Optional.of(result(pod, end)) : Optional.empty(),
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
                                    .or(() -> reason(pod))
                                    .orElse("nobody says why"))));
  }

  /** Why the container has not been started, if kubelet says it. */
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

  /** A node's words in ours. */
  private static String cut(String text) {
    return PrintableText.cut(text, WORDS_LENGTH);
  }

  private static Stream<ContainerStatus> containers(Pod pod) {
    return Optional.ofNullable(pod.getStatus()).stream()
        .flatMap(status -> status.getContainerStatuses().stream())
        .filter(container -> NodeStepPod.CONTAINER.equals(container.getName()))
        .filter(container -> container.getState() != null);
  }

  private static String label(Pod pod) {
    return Optional.ofNullable(pod.getMetadata().getLabels())
        .orElse(Map.of())
        .getOrDefault(NodeStepPod.KIND_LABEL, "");
  }

  private static String annotation(Pod pod, String key) {
    return Optional.ofNullable(pod.getMetadata().getAnnotations())
        .orElse(Map.of())
        .getOrDefault(key, "");
  }

  private static int attempt(String text) {
    return text.matches("[1-9][0-9]{0,8}") ? Integer.parseInt(text) : 1;
  }

  private static String uid(Pod pod) {
    return String.valueOf(pod.getMetadata().getUid());
  }

  /** As much as is read of it, but for what it was told. */
  private static Pod slim(Pod pod) {
    var metadata = pod.getMetadata();
    return new PodBuilder()
        .withMetadata(
            new ObjectMetaBuilder()
                .withName(metadata.getName())
                .withNamespace(metadata.getNamespace())
                .withUid(metadata.getUid())
                .withResourceVersion(metadata.getResourceVersion())
                .withCreationTimestamp(metadata.getCreationTimestamp())
                .withDeletionTimestamp(metadata.getDeletionTimestamp())
                .withLabels(Map.of(NodeStepPod.KIND_LABEL, label(pod)))
                .withAnnotations(
                    Map.of(
                        NodeStepPod.ORDER_ANNOTATION,
                        annotation(pod, NodeStepPod.ORDER_ANNOTATION),
                        NodeStepPod.ATTEMPT_ANNOTATION,
                        annotation(pod, NodeStepPod.ATTEMPT_ANNOTATION)))
                .build())
        .withNewSpec()
        .withNodeName(pod.getSpec().getNodeName())
        .endSpec()
        .withNewStatus()
        .withPhase(pod.getStatus() == null ? null : pod.getStatus().getPhase())
        .withReason(pod.getStatus() == null ? null : pod.getStatus().getReason())
        .withContainerStatuses(containers(pod).map(TaskPod::slim).toList())
        .endStatus()
        .build();
  }

  private static ContainerStatus slim(ContainerStatus container) {
    ContainerStatus slim = new ContainerStatus();
    slim.setName(container.getName());
    slim.setState(container.getState());
    return slim;
  }
}
