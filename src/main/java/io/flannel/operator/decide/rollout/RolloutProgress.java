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
 * How far a rollout is, from the pods, Kubernetes' own counts and what the last status said: when
 * it began and when a further node was done.
 *
 * @param phase STALLED: no further node was done within the progress deadline
 * @param done nodes that had their turn and run flannel
 * @param total nodes that it goes to
 * @param from the hash of the configuration before; null: there was none
 * @param startedAt when it began, as RFC 3339
 * @param progressedAt when a further node was last done, as RFC 3339
 * @param expectedEnd if the nodes that are left take as long as those that are done, as RFC 3339;
 *     null: that can't be said
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
   * @param actingSince when it began to act: before that, no gate opened
   */
  public record Conduct(boolean paused, Instant actingSince) {}

  /** Judges the rollout of the DaemonSet that is live. */
  public static RolloutProgress of(
      Observation seen, LiveFlannel live, RolloutState course, Conduct conduct) {
    Instant now = seen.now();
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
    // A pod that falls ill or is deleted later, or a node that joins, is the nodes' affair, not the
    // rollout's. That a Node is registered is seen apart from its pod, and may be seen later.
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

  /** How many of the pods that have the present template are of a kind. */
  private static int count(Observation seen, LiveFlannel live, Predicate<FlannelPod> kind) {
    return (int) seen.cluster().pods().of(live.marks().revision()).filter(kind).count();
  }

  /** Whether a pod's node had its turn and runs flannel. */
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

  /** If the nodes that are left take as long as those that are done. */
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

  /** Whether flannel has not registered the node with the present backend yet. */
  private static boolean waits(NodeLease lease) {
    return lease.problem().filter(LeaseProblem::normalInRollout).isPresent();
  }

  /** While no operator runs, no gate opens: that time does not count. */
  private static boolean overdue(Observation seen, Instant actingSince, Instant progressedAt) {
    Instant from = progressedAt.isAfter(actingSince) ? progressedAt : actingSince;
    return seen.now().isAfter(from.plus(seen.wanted().progressDeadline()));
  }
}
