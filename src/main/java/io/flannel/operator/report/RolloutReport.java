package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.overlay.LiveFlannel;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * How far the DaemonSet's pods are, from Kubernetes' own counts and from what the last report said:
 * when it began and when a further node was done.
 */
final class RolloutReport {
  private RolloutReport() {}

  static Rollout of(Situation situation, LiveFlannel live, Instant now) {
    Optional<Rollout> before = situation.previous().map(FlannelNetworkStatus::rollout);
    LiveFlannel.PodCounts pods = live.pods();
    boolean same = before.filter(it -> live.configHash().equals(it.to())).isPresent();
    boolean wasComplete = same && before.filter(it -> it.phase() == Phase.COMPLETE).isPresent();
    boolean updated = pods.observed() && pods.updated() >= pods.desired();
    int nodesBefore = before.map(Rollout::total).orElse(0);
    boolean joined = pods.observed() && pods.updated() >= nodesBefore;
    // A pod that falls ill later, and a node that joins, are the nodes' affair, not the rollout's.
    boolean complete = pods.complete() || (wasComplete && (updated || joined));

    boolean begins = !same || (wasComplete && !complete);
    String startedAt = begins ? now.toString() : before.map(Rollout::startedAt).orElseThrow();
    int doneBefore = begins ? 0 : before.map(Rollout::updated).orElse(0);
    int done = Math.min(pods.desired(), Math.max(certainlyDone(pods), doneBefore));
    boolean progressed = begins || !Objects.equals(before.map(Rollout::updated).orElse(null), done);
    String progressedAt =
        progressed ? now.toString() : before.map(Rollout::progressedAt).orElse(startedAt);
    String from =
        same ? before.map(Rollout::from).orElse(null) : before.map(Rollout::to).orElse(null);

    Phase phase =
        complete
            ? Phase.COMPLETE
            : situation.paused()
                ? Phase.PAUSED
                : overdue(progressedAt, situation.wanted().progressDeadline(), now)
                    ? Phase.STALLED
                    : Phase.PROGRESSING;
    return new Rollout(
        phase,
        done,
        pods.desired(),
        from,
        live.configHash(),
        startedAt,
        progressedAt,
        message(phase, done, pods.desired(), situation.wanted().progressDeadline()));
  }

  /**
   * How many nodes run a ready pod of the present template, at least: Kubernetes counts the updated
   * and the available ones, not those that are both. It dips while the next pod is replaced.
   */
  private static int certainlyDone(LiveFlannel.PodCounts pods) {
    return pods.observed() ? Math.max(0, pods.updated() + pods.available() - pods.desired()) : 0;
  }

  private static boolean overdue(String progressedAt, Duration deadline, Instant now) {
    return now.isAfter(Instant.parse(progressedAt).plus(deadline));
  }

  private static String message(Phase phase, int done, int total, Duration deadline) {
    return switch (phase) {
      case COMPLETE -> "every node runs the present configuration";
      case PROGRESSING -> "%d of %d nodes run the present configuration".formatted(done, total);
      case PAUSED ->
          "%d of %d nodes run the present configuration; spec.paused is set: Kubernetes finishes"
                  .formatted(done, total)
              + " what was begun, and nothing more is written";
      case STALLED ->
          "%d of %d nodes run the present configuration, and no further one was done for %s; look"
                  .formatted(done, total, Durations.said(deadline))
              + " at the pods that are not ready: kubectl -n kube-flannel get pods -o wide";
    };
  }
}
