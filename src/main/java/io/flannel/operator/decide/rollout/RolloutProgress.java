package io.flannel.operator.decide.rollout;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.decide.SaidTime;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.flannel.Times;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A rollout's progress, from the pods, Kubernetes' own counts and the last status, which says when
 * the rollout began and when a node was last done.
 *
 * @param phase STALLED if no further node was done within the progress deadline
 * @param done number of nodes that were updated and run flannel
 * @param total number of nodes that the rollout goes to
 * @param from hash of the configuration before; null if there was none
 * @param startedAt when it began, as RFC 3339
 * @param progressedAt when a node was last done, as RFC 3339
 * @param expectedEnd when it ends if the remaining nodes take as long as those that are done, as
 *     RFC 3339; null if unknown
 */
public record RolloutProgress(
    Phase phase,
    int done,
    int total,
    @Nullable String from,
    String startedAt,
    String progressedAt,
    @Nullable String expectedEnd) {

  /**
   * What the operator itself did.
   *
   * @param paused whether {@code spec.paused} is set
   * @param actingSince when the operator began to act: no gate opened before that
   */
  public record Conduct(boolean paused, Instant actingSince) {}

  /** Judges the rollout of the live DaemonSet. */
  public static RolloutProgress of(
      Observation seen, LiveFlannel live, RolloutState course, Conduct conduct) {
    Instant now = seen.now().truncatedTo(ChronoUnit.SECONDS);
    Optional<Rollout> before = seen.status().map(FlannelNetworkStatus::rollout);
    LiveFlannel.PodCounts pods = live.pods();
    SkippedNodes away = course.away();
    // Counts of another generation say nothing: at an installation they are all 0.
    int total = (pods.observed() ? pods.desired() : seen.leases().size()) - away.count();
    // Kubernetes counts pods of this template and pods that are ready, not those that are both.
    int done = Math.min(total, count(seen, live, pod -> isDone(pod) && !away.has(pod.node())));
    boolean same =
        before
            .filter(it -> live.configHash().equals(it.to()))
            .filter(it -> Times.tryParse(it.startedAt()).isPresent())
            .filter(it -> !live.marks().changedAfter(it.startedAt()))
            .isPresent();
    boolean wasComplete = same && before.filter(it -> Phase.isOver(it.phase())).isPresent();
    int hadTheirTurn = count(seen, live, pod -> away.has(pod.node()));
    // A pod that fails or is deleted later, or a node that joins, concerns the node, not the
    // rollout. A Node's registration is observed apart from its pod, and maybe later.
    boolean through =
        done == total
            && (total > 0 || away.count() == 0)
            && pods.completeWithout(away.count(), away.count() - hadTheirTurn)
            && seen.leases().stream()
                .filter(lease -> !away.has(lease.node().name()))
                .noneMatch(RolloutProgress::waits);
    boolean complete = through || (wasComplete && pods.noneOutdated());

    boolean begins = !same || (wasComplete && !complete);
    String startedAt =
        begins ? now.toString() : SaidTime.orElse(before.map(Rollout::startedAt).orElse(null), now);
    boolean resumed =
        !conduct.paused() && before.filter(it -> it.phase() == Phase.PAUSED).isPresent();
    boolean progressed = begins || resumed || done > before.map(Rollout::updated).orElse(0);
    String progressedAt =
        progressed
            ? now.toString()
            : SaidTime.orElse(
                before.map(Rollout::progressedAt).orElse(null), Instant.parse(startedAt));
    String from =
        before.map(it -> same || !Phase.isOver(it.phase()) ? it.from() : it.to()).orElse(null);
    boolean overdue = overdue(seen, conduct.actingSince(), Instant.parse(progressedAt));
    Phase phase = phase(course, conduct.paused(), complete, overdue);
    return new RolloutProgress(
        phase,
        done,
        total,
        from,
        startedAt,
        progressedAt,
        phase == Phase.PROGRESSING ? expectedEnd(startedAt, progressedAt, done, total, now) : null);
  }

  /** Counts the matching pods of the current template. */
  private static int count(Observation seen, LiveFlannel live, Predicate<FlannelPod> kind) {
    return (int) seen.cluster().pods().of(live.marks().revision()).filter(kind).count();
  }

  /** Whether a pod's node was updated and runs flannel. */
  private static boolean isDone(FlannelPod pod) {
    return pod.gateOpen() && pod.runningSince().isPresent();
  }

  private static Phase phase(
      RolloutState course, boolean paused, boolean complete, boolean overdue) {
    boolean back = course.rolledBack().isPresent();
    if (complete) {
      return back ? Phase.ROLLED_BACK : Phase.COMPLETE;
    }
    if (paused) {
      return Phase.PAUSED;
    }
    if (overdue) {
      return Phase.STALLED;
    }
    return back ? Phase.ROLLING_BACK : Phase.PROGRESSING;
  }

  /** Estimates the end: the remaining nodes take as long as those that are done. */
  private static @Nullable String expectedEnd(
      String startedAt, String progressedAt, int done, int total, Instant now) {
    if (done == 0 || done == total) {
      return null;
    }
    Instant progressed = Instant.parse(progressedAt);
    Duration each = Duration.between(Instant.parse(startedAt), progressed).dividedBy(done);
    Instant end = progressed.plus(each.multipliedBy((long) total - done));
    return end.isBefore(now) ? null : end.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** Whether flannel has yet to register the node with the current backend. */
  private static boolean waits(NodeLease lease) {
    return lease.problem().filter(LeaseProblem::normalInRollout).isPresent();
  }

  /**
   * Whether the progress deadline has passed. Time without an operator does not count, since no
   * gate opens then.
   */
  private static boolean overdue(Observation seen, Instant actingSince, Instant progressedAt) {
    Instant from = progressedAt.isAfter(actingSince) ? progressedAt : actingSince;
    return seen.now().isAfter(from.plus(seen.wanted().progressDeadline()));
  }
}
