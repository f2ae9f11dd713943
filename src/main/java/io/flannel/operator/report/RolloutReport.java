package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.decide.NodeLease;
import io.flannel.operator.decide.NodeProblem;
import io.flannel.operator.overlay.Durations;
import io.flannel.operator.overlay.LiveFlannel;
import java.time.Duration;
import java.time.Instant;
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
    // Kubernetes counts both, not which pods are both: up to maxUnavailable may be starting yet.
    int done = pods.observed() ? Math.min(pods.updated(), pods.available()) : 0;
    boolean same = before.filter(it -> live.configHash().equals(it.to())).isPresent();
    boolean wasComplete = same && before.filter(it -> it.phase() == Phase.COMPLETE).isPresent();
    // A pod that falls ill or is deleted later, or a node that joins, is the nodes' affair, not the
    // rollout's. That a Node is registered is seen apart from its pod, and may be seen later.
    boolean through =
        pods.complete() && situation.leases().stream().noneMatch(RolloutReport::waits);
    boolean complete = through || (wasComplete && pods.noneOutdated());
    // Counts of another generation say nothing: at an installation they are all 0.
    int total = pods.observed() ? pods.desired() : situation.leases().size();

    boolean begins = !same || (wasComplete && !complete);
    String startedAt = begins ? now.toString() : before.map(Rollout::startedAt).orElseThrow();
    boolean progressed = begins || done > before.map(Rollout::updated).orElse(0);
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
        total,
        from,
        live.configHash(),
        startedAt,
        progressedAt,
        message(phase, done, total, situation.wanted().progressDeadline()));
  }

  /** Whether flannel has not registered the node with the present backend yet. */
  private static boolean waits(NodeLease lease) {
    return lease.problem().filter(NodeProblem::normalInRollout).isPresent();
  }

  private static boolean overdue(String progressedAt, Duration deadline, Instant now) {
    return now.isAfter(Instant.parse(progressedAt).plus(deadline));
  }

  private static String message(Phase phase, int done, int total, Duration deadline) {
    return switch (phase) {
      case COMPLETE ->
          done >= total
              ? "every node runs the present configuration"
              : "every node was done; now flannel's pod is ready on %d of %d"
                  .formatted(done, total);
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
