package io.flannel.operator.decide;

import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.overlay.FlannelPod;
import io.flannel.operator.overlay.FlannelPods;
import io.flannel.operator.overlay.LiveFlannel;
import io.flannel.operator.overlay.RolloutMarks;
import io.flannel.operator.overlay.RolloutMarks.TakenBack;
import io.flannel.operator.overlay.WantedNetwork;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * What to do about flannel's DaemonSet now: bring the wanted template to the nodes, or go back to
 * the one before.
 */
public sealed interface RolloutStep {
  /** What the DaemonSet remembers from now on. */
  RolloutMarks marks();

  /**
   * How many nodes may be without a ready pod, in the form of a DaemonSet's {@code maxUnavailable}:
   * what the network allows, or 1 until the first node is through, and all that are {@link Away}.
   */
  String maxUnavailable();

  /** The wanted template, on all nodes. */
  record Forward(RolloutMarks marks, String maxUnavailable) implements RolloutStep {}

  /**
   * The template that ran before, which the marks name, since the wanted one failed. It stays so
   * until another one is wanted.
   */
  record Back(RolloutMarks marks, String maxUnavailable) implements RolloutStep {}

  /**
   * Decides.
   *
   * @param wantedRevision of the template that the spec asks for
   * @param attempt the FlannelNetwork's annotation {@link RolloutMarks#TRY_AGAIN}; empty: none
   * @param tunnels as they are before anything is changed
   * @param rollout what was last said of a rollout
   * @param mayGoBack whether a failed rollout is to be taken back
   */
  static RolloutStep decide(
      WantedNetwork wanted,
      String wantedRevision,
      String attempt,
      ClusterState cluster,
      List<NodeLease> leases,
      Optional<TunnelVerdicts> tunnels,
      Optional<Rollout> rollout,
      Optional<RolloutGates.Waiting> failed,
      boolean mayGoBack,
      Instant now) {
    FlannelPods pods = cluster.pods();
    Turns turns = new Turns(wanted, pods, leases);
    if (cluster.live().isEmpty()) {
      return turns.forward(
          new RolloutMarks(
              wantedRevision,
              Optional.of(now.truncatedTo(ChronoUnit.SECONDS)),
              Optional.empty(),
              IllBefore.of(leases, tunnels).marks(),
              Optional.empty()),
          // At an installation there is none; at an adoption in our namespace, somebody else's.
          !pods.all().isEmpty());
    }
    LiveFlannel live = cluster.live().get();
    RolloutMarks marks = live.marks();
    if (marks
        .takenBack()
        .filter(it -> it.revision().equals(wantedRevision) && it.attempt().equals(attempt))
        .isPresent()) {
      return turns.back(marks);
    }
    if (!marks.revision().equals(wantedRevision)) {
      return turns.forward(
          new RolloutMarks(
              wantedRevision,
              Optional.of(now.truncatedTo(ChronoUnit.SECONDS)),
              isThrough(pods, marks.revision()) ? named(marks.revision()) : marks.previous(),
              IllBefore.of(leases, tunnels).marks(),
              Optional.empty(),
              cuts(wanted, cluster)),
          !pods.all().isEmpty());
    }
    Optional<String> because =
        failed
            .map(node -> "%s: %s".formatted(node.node(), node.why()))
            .or(
                () ->
                    rollout
                        .filter(it -> it.phase() == Phase.STALLED)
                        .filter(it -> live.configHash().equals(it.to()))
                        .map(Rollout::message));
    if (mayGoBack
        && because.isPresent()
        && marks.previous().isPresent()
        && !isThrough(pods, wantedRevision)) {
      return turns.back(
          new RolloutMarks(
              marks.previous().get(),
              Optional.of(now.truncatedTo(ChronoUnit.SECONDS)),
              Optional.empty(),
              marks.illBefore(),
              Optional.of(new TakenBack(wantedRevision, attempt, because.get())),
              marks.cuts()));
    }
    boolean first =
        pods.hasOthersThan(wantedRevision)
            && pods.of(wantedRevision).noneMatch(pod -> isThrough(pod, marks, leases));
    // Who asks for what ran before has given up what failed: asked for again, it is tried again.
    return turns.forward(isThrough(pods, wantedRevision) ? marks.forgiven() : marks, first);
  }

  /** Also while a change before this one, which cuts, has not reached all nodes. */
  private static boolean cuts(WantedNetwork wanted, ClusterState cluster) {
    RolloutMarks before = cluster.live().orElseThrow().marks();
    return Change.judge(wanted, cluster) instanceof Change.Disruptive
        || (before.cuts() && !isThrough(cluster.pods(), before.revision()));
  }

  private static Optional<String> named(String revision) {
    return Optional.of(revision).filter(it -> !it.isEmpty());
  }

  /**
   * That a node which joined or booted after the change is through shows nothing: it reached nobody
   * before.
   */
  private static boolean isThrough(FlannelPod pod, RolloutMarks marks, List<NodeLease> leases) {
    return pod.gateOpen()
        && leases.stream()
            .map(NodeLease::node)
            .filter(node -> node.name().equals(pod.node()))
            .noneMatch(node -> node.startedAfter(marks.changedAt()));
  }

  /** Whether all pods are of the revision, and their nodes reach what they reached before. */
  private static boolean isThrough(FlannelPods pods, String revision) {
    return pods.all().stream().allMatch(pod -> pod.revision().equals(revision) && pod.gateOpen());
  }

  /** Says how many nodes may change at once. */
  record Turns(WantedNetwork wanted, FlannelPods pods, List<NodeLease> leases) {
    private Forward forward(RolloutMarks marks, boolean firstAlone) {
      return new Forward(marks, maxUnavailable(marks, firstAlone));
    }

    private Back back(RolloutMarks marks) {
      return new Back(marks, maxUnavailable(marks, false));
    }

    private String maxUnavailable(RolloutMarks marks, boolean firstAlone) {
      boolean underWay = pods.hasOthersThan(marks.revision());
      int away = underWay ? Away.from(pods, leases, marks.revision()).count() : 0;
      if (away == 0) {
        return firstAlone ? "1" : wanted.maxUnavailable();
      }
      return String.valueOf((firstAlone ? 1 : wanted.unavailableOf(leases.size())) + away);
    }
  }
}
