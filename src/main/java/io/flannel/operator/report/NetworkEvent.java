package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened to a network, to be recorded as a Kubernetes Event. Events are derived
 * from the difference between two statuses, so that none is repeated, even after a restart of the
 * operator.
 *
 * @param warning whether a person may have to look at it
 * @param reason one word, for programs
 * @param message a sentence, for people
 */
public record NetworkEvent(boolean warning, String reason, String message) {

  /** Returns what happened between two statuses; there may be no first one. */
  public static List<NetworkEvent> between(
      Optional<FlannelNetworkStatus> before, FlannelNetworkStatus after) {
    List<NetworkEvent> events = new ArrayList<>();
    condition(before, after, StatusReport.ACCEPTED)
        .ifPresent(
            accepted ->
                events.add(
                    new NetworkEvent(
                        accepted.status() != Status.TRUE, accepted.reason(), accepted.message())));
    before
        .map(FlannelNetworkStatus::adoption)
        .filter(it -> it.phase() == Adoption.Stage.TAKING_OVER && after.adoption() == null)
        .ifPresent(
            it ->
                events.add(
                    new NetworkEvent(
                        false,
                        "Adopted",
                        "the flannel that was there before is taken over, and its own objects are"
                            + " removed")));
    rollout(before.map(FlannelNetworkStatus::rollout), after.rollout()).ifPresent(events::add);
    problems(before, after, events);
    condition(before, after, StatusReport.TUNNELS_HEALTHY)
        .filter(
            tunnels ->
                tunnels.status() != Status.UNKNOWN
                    || before.flatMap(it -> find(it, StatusReport.TUNNELS_HEALTHY)).isPresent())
        .ifPresent(
            tunnels ->
                events.add(
                    new NetworkEvent(
                        tunnels.status() == Status.FALSE,
                        switch (tunnels.status()) {
                          case TRUE -> "TunnelsHealthy";
                          case FALSE -> "TunnelsUnhealthy";
                          case UNKNOWN -> "TunnelsUnknown";
                        },
                        tunnels.message())));
    condition(before, after, StatusReport.READY)
        .filter(
            ready ->
                ready.status() == Status.TRUE
                    || before.flatMap(it -> find(it, StatusReport.READY)).isPresent())
        .ifPresent(
            ready ->
                events.add(
                    ready.status() == Status.TRUE
                        ? new NetworkEvent(false, "Ready", ready.message())
                        : new NetworkEvent(
                            !Readiness.ON_ITS_WAY.contains(ready.reason()),
                            "NotReady",
                            ready.message())));
    return events;
  }

  /** Returns the condition if its status changed or, for Accepted, its reason. */
  private static Optional<StatusCondition> condition(
      Optional<FlannelNetworkStatus> before, FlannelNetworkStatus after, String type) {
    Optional<StatusCondition> now = find(after, type);
    Optional<StatusCondition> then = before.flatMap(status -> find(status, type));
    return now.filter(
        it ->
            then.isEmpty()
                || then.get().status() != it.status()
                || (type.equals(StatusReport.ACCEPTED)
                    && !then.get().reason().equals(it.reason())));
  }

  private static Optional<StatusCondition> find(FlannelNetworkStatus status, String type) {
    return Optional.ofNullable(status.conditions()).orElse(List.of()).stream()
        .filter(one -> one.type().equals(type))
        .findFirst();
  }

  private static Optional<NetworkEvent> rollout(Optional<Rollout> before, @Nullable Rollout after) {
    if (after == null || after.phase() == null) {
      return Optional.empty();
    }
    boolean same =
        before
            .filter(it -> Objects.equals(it.startedAt(), after.startedAt()))
            .filter(it -> Objects.equals(it.to(), after.to()))
            .isPresent();
    if (same && before.get().phase() == after.phase()) {
      return Optional.empty();
    }
    String message = Objects.requireNonNullElse(after.message(), "");
    return switch (after.phase()) {
      case COMPLETE ->
          Optional.of(
              new NetworkEvent(
                  false, "RolloutComplete", "configuration %s: %s".formatted(after.to(), message)));
      case STALLED -> Optional.of(new NetworkEvent(true, "RolloutStalled", message));
      case PAUSED -> Optional.of(new NetworkEvent(false, "RolloutPaused", message));
      case ROLLING_BACK -> Optional.of(new NetworkEvent(true, "RolloutFailed", message));
      case ROLLED_BACK -> Optional.of(new NetworkEvent(true, "RolledBack", message));
      case PROGRESSING ->
          same && before.get().phase() != Phase.COMPLETE
              ? Optional.of(new NetworkEvent(false, "RolloutResumed", message))
              : Optional.of(new NetworkEvent(false, "RolloutStarted", started(after)));
    };
  }

  private static String started(Rollout rollout) {
    return rollout.from() == null || rollout.from().equals(rollout.to())
        ? "configuration %s goes to %d nodes".formatted(rollout.to(), rollout.total())
        : "configuration %s replaces %s on %d nodes"
            .formatted(rollout.to(), rollout.from(), rollout.total());
  }

  private static void problems(
      Optional<FlannelNetworkStatus> before,
      FlannelNetworkStatus after,
      List<NetworkEvent> events) {
    List<Problem> then = before.map(FlannelNetworkStatus::problems).orElse(List.of());
    List<Problem> now = Optional.ofNullable(after.problems()).orElse(List.of());
    for (Problem problem : now) {
      if (then.stream().noneMatch(one -> one.reason().equals(problem.reason()))) {
        events.add(
            new NetworkEvent(
                true, problem.reason(), problem.message() + "; what to do: " + problem.remedy()));
      }
    }
    for (Problem problem : then) {
      if (now.stream().noneMatch(one -> one.reason().equals(problem.reason()))) {
        events.add(
            new NetworkEvent(
                false, "ProblemSolved", problem.reason() + ": no node has this problem any more"));
      }
    }
  }
}
