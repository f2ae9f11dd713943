package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.rollout.SkippedNodes;
import io.flannel.operator.flannel.Durations;
import io.flannel.operator.flannel.Names;
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
 * How far the DaemonSet's pods are, from the pods, Kubernetes' own counts and what the last report
 * said: when it began and when a further node was done.
 */
final class RolloutReport {
  private RolloutReport() {}

  static Rollout of(StatusInput situation, LiveFlannel live, Instant now) {
    Optional<Rollout> before = situation.previous().map(FlannelNetworkStatus::rollout);
    LiveFlannel.PodCounts pods = live.pods();
    SkippedNodes away = situation.course().away();
    // Counts of another generation say nothing: at an installation they are all 0.
    int total = (pods.observed() ? pods.desired() : situation.leases().size()) - away.count();
    // Kubernetes counts pods of this template and pods that are ready, not those that are both.
    int done = Math.min(total, count(situation, live, pod -> isDone(pod) && !away.has(pod.node())));
    boolean same =
        before
            .filter(it -> live.configHash().equals(it.to()))
            .filter(it -> Times.tryParse(it.startedAt()).isPresent())
            .filter(it -> !live.marks().changedAfter(it.startedAt()))
            .isPresent();
    boolean wasComplete = same && before.filter(it -> Phase.isOver(it.phase())).isPresent();
    int hadTheirTurn = count(situation, live, pod -> away.has(pod.node()));
    // A pod that falls ill or is deleted later, or a node that joins, is the nodes' affair, not the
    // rollout's. That a Node is registered is seen apart from its pod, and may be seen later.
    boolean through =
        done == total
            && (total > 0 || away.count() == 0)
            && pods.completeWithout(away.count(), away.count() - hadTheirTurn)
            && situation.leases().stream()
                .filter(lease -> !away.has(lease.node().name()))
                .noneMatch(RolloutReport::waits);
    boolean complete = through || (wasComplete && pods.noneOutdated());

    boolean begins = !same || (wasComplete && !complete);
    String startedAt =
        begins ? now.toString() : SaidTime.orElse(before.map(Rollout::startedAt).orElse(null), now);
    boolean resumed =
        !situation.paused() && before.filter(it -> it.phase() == Phase.PAUSED).isPresent();
    boolean progressed = begins || resumed || done > before.map(Rollout::updated).orElse(0);
    String progressedAt =
        progressed
            ? now.toString()
            : SaidTime.orElse(
                before.map(Rollout::progressedAt).orElse(null), Instant.parse(startedAt));
    String from =
        before.map(it -> same || !Phase.isOver(it.phase()) ? it.from() : it.to()).orElse(null);
    boolean overdue = overdue(situation, Instant.parse(progressedAt), now);
    Phase phase = phase(situation, complete, overdue);
    return new Rollout(
        phase,
        done,
        total,
        from,
        live.configHash(),
        startedAt,
        progressedAt,
        phase == Phase.PROGRESSING ? expectedEnd(startedAt, progressedAt, done, total, now) : null,
        message(situation, phase, done, total));
  }

  /** How many of the pods that have the present template are of a kind. */
  private static int count(StatusInput situation, LiveFlannel live, Predicate<FlannelPod> kind) {
    return (int) situation.cluster().pods().of(live.marks().revision()).filter(kind).count();
  }

  /** Whether a pod's node had its turn and runs flannel. */
  private static boolean isDone(FlannelPod pod) {
    return pod.gateOpen() && pod.runningSince().isPresent();
  }

  private static Phase phase(StatusInput situation, boolean complete, boolean overdue) {
    boolean back = situation.course().rolledBack().isPresent();
    if (complete) {
      return back ? Phase.ROLLED_BACK : Phase.COMPLETE;
    }
    if (situation.paused()) {
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
  private static boolean overdue(StatusInput situation, Instant progressedAt, Instant now) {
    Instant from =
        progressedAt.isAfter(situation.actingSince()) ? progressedAt : situation.actingSince();
    return now.isAfter(from.plus(situation.wanted().progressDeadline()));
  }

  private static String message(StatusInput situation, Phase phase, int done, int total) {
    String present = "%d of %d nodes run the present configuration".formatted(done, total);
    String failed =
        situation
            .course()
            .rolledBack()
            .map(it -> "the change failed and was taken back: " + it.because())
            .orElse("");
    return switch (phase) {
      case COMPLETE ->
          done < total
              ? "every node was done; now flannel's pod is ready on %d of %d".formatted(done, total)
              : "every node%s runs the present configuration".formatted(butAway(situation));
      case PROGRESSING -> present + waiting(situation);
      case PAUSED ->
          present
              + "; spec.paused is set: nothing more is written, and no further node begins before"
              + " those under way are through, which they are once it is false again";
      case STALLED ->
          "%s, and no further one was done for %s%s; look at the pods that are not ready: kubectl"
                  .formatted(
                      present,
                      Durations.said(situation.wanted().progressDeadline()),
                      waiting(situation))
              + " -n kube-flannel get pods -o wide";
      case ROLLING_BACK ->
          "%s; %d of %d nodes run the configuration before".formatted(failed, done, total);
      case ROLLED_BACK ->
          failed
              + "; every node%s runs the configuration before. Mend".formatted(butAway(situation))
              + " that and change the spec, or try"
              + " the same again: kubectl annotate fnet %s flannel.io/retry=\"$(date)\""
                  .formatted(situation.wanted().name())
              + " --overwrite";
    };
  }

  private static String butAway(StatusInput situation) {
    SkippedNodes away = situation.course().away();
    return away.count() == 0
        ? ""
        : " but %s, where flannel can't run now and which will when it can,"
            .formatted(Names.ofNodes(away.nodes()));
  }

  private static String waiting(StatusInput situation) {
    return situation.course().gates().waiting().stream()
        .findFirst()
        .map(it -> "; %s waits: %s".formatted(it.node(), it.why()))
        .orElse("");
  }
}
