package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.decide.rollout.RolloutProgress;
import io.flannel.operator.decide.rollout.SkippedNodes;
import io.flannel.operator.flannel.Durations;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.flannel.live.LiveFlannel;

/** The status' {@code rollout}: its progress, with a message. */
final class RolloutReport {
  private RolloutReport() {}

  static Rollout of(StatusInput situation, LiveFlannel live) {
    RolloutProgress progress =
        RolloutProgress.of(
            situation.seen(),
            live,
            situation.course(),
            new RolloutProgress.Conduct(situation.paused(), situation.actingSince()));
    return new Rollout(
        progress.phase(),
        progress.done(),
        progress.total(),
        progress.from(),
        live.configHash(),
        progress.startedAt(),
        progress.progressedAt(),
        progress.expectedEnd(),
        message(situation, progress));
  }

  private static String message(StatusInput situation, RolloutProgress progress) {
    int done = progress.done();
    int total = progress.total();
    String present = "%d of %d nodes run the present configuration".formatted(done, total);
    String failed =
        situation
            .course()
            .rolledBack()
            .map(it -> "the change failed and was rolled back: " + it.because())
            .orElse("");
    return switch (progress.phase()) {
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
