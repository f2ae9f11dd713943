package io.flannel.operator.decide.rollout;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.change.ChangeImpact;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What to do about flannel's DaemonSet now: roll out the wanted template, or roll back to the
 * previous one.
 */
public sealed interface RolloutAction {
  /** The annotations that the DaemonSet gets. */
  RolloutAnnotations marks();

  /**
   * How many nodes may be without a ready pod, in the form of a DaemonSet's {@code maxUnavailable}:
   * what the network allows, or 1 until the first node is done, plus all {@link SkippedNodes}.
   * Skipped nodes count neither for a rollout's progress nor for its failure.
   */
  String maxUnavailable();

  /** Roll out the wanted template to all nodes. */
  record Forward(RolloutAnnotations marks, String maxUnavailable) implements RolloutAction {}

  /**
   * Roll back to the template that ran before, which the marks name, since the wanted one failed.
   * It stays until the spec asks for another template or a retry is requested.
   */
  record Back(RolloutAnnotations marks, String maxUnavailable) implements RolloutAction {}

  /**
   * Decides what to do about the DaemonSet.
   *
   * @param tunnels the verdicts before anything is changed; empty if nothing measures tunnels
   * @param failed the node that the rollout made unhealthy; empty if there is none
   */
  static RolloutAction decide(
      Observation seen,
      RolloutState.Target target,
      Optional<TunnelVerdicts> tunnels,
      Optional<RolloutGates.Waiting> failed) {
    ClusterState cluster = seen.cluster();
    List<NodeLease> leases = seen.leases();
    Instant now = seen.now();
    String wantedRevision = target.revision();
    Optional<Rollout> rollout = seen.status().map(FlannelNetworkStatus::rollout);
    FlannelPods pods = cluster.pods();
    Turns turns = new Turns(seen.wanted(), pods, leases);
    if (cluster.live().isEmpty()) {
      return turns.forward(
          new RolloutAnnotations(
              wantedRevision,
              Optional.of(now.truncatedTo(ChronoUnit.SECONDS)),
              Optional.empty(),
              UnhealthyBaseline.of(leases, tunnels).marks(),
              Optional.empty()),
          // An installation has no pods; an adoption in our namespace has another flannel's.
          !pods.all().isEmpty());
    }
    LiveFlannel live = cluster.live().get();
    RolloutAnnotations marks = live.marks();
    if (marks
        .rolledBack()
        .filter(it -> it.revision().equals(wantedRevision) && it.attempt().equals(target.attempt()))
        .isPresent()) {
      return turns.back(marks);
    }
    if (!marks.revision().equals(wantedRevision)) {
      return turns.forward(change(seen, wantedRevision, tunnels), !pods.all().isEmpty());
    }
    if (isComplete(pods, leases, wantedRevision, marks.unhealthyBefore())
        || wasThrough(rollout, live)) {
      // A user who asks for what ran before gives up the failed template. If the spec asks for it
      // again, it is tried again.
      return turns.forward(marks.completed(), false);
    }
    Optional<String> because =
        failed
            .map(node -> "%s: %s".formatted(node.node(), node.why()))
            .or(
                () ->
                    rollout
                        .filter(it -> it.phase() == Phase.STALLED)
                        .filter(it -> isOf(live, it))
                        .map(Rollout::message));
    if (seen.wanted().goesBack()
        && because.isPresent()
        && marks.previous().isPresent()
        && !marks.isComplete()) {
      return turns.back(
          new RolloutAnnotations(
              marks.previous().get(),
              Optional.of(now.truncatedTo(ChronoUnit.SECONDS)),
              marks.previous(),
              marks.unhealthyBefore(),
              Optional.of(new RolledBack(wantedRevision, target.attempt(), because.get())),
              marks.cuts()));
    }
    return turns.forward(
        marks, pods.hasOthersThan(wantedRevision) && !isProven(pods, marks, leases));
  }

  /** Whether the reported rollout is the live template's. */
  private static boolean isOf(LiveFlannel live, Rollout said) {
    return live.configHash().equals(said.to()) && !live.marks().changedAfter(said.startedAt());
  }

  /**
   * Whether the status says that the rollout was complete. It may have become so while nothing was
   * to be written, and a node may have become unhealthy since.
   */
  private static boolean wasThrough(Optional<Rollout> said, LiveFlannel live) {
    return said.filter(it -> it.phase() == Phase.COMPLETE && isOf(live, it)).isPresent();
  }

  /** Returns the annotations for a template that replaces the live one. */
  private static RolloutAnnotations change(
      Observation seen, String wantedRevision, Optional<TunnelVerdicts> tunnels) {
    ClusterState cluster = seen.cluster();
    List<NodeLease> leases = seen.leases();
    Optional<Rollout> rollout = seen.status().map(FlannelNetworkStatus::rollout);
    FlannelPods pods = cluster.pods();
    LiveFlannel flannel = cluster.live().orElseThrow();
    RolloutAnnotations live = flannel.marks();
    // Otherwise a change or its rollback is under way, and a pod may be missing only for that.
    boolean settled = !pods.hasOthersThan(live.revision());
    UnhealthyBaseline before = new UnhealthyBaseline(live.unhealthyBefore());
    UnhealthyBaseline withoutFlannel =
        settled ? UnhealthyBaseline.withoutFlannel(leases, pods) : before.withoutFlannel();
    boolean through =
        isComplete(pods, leases, live.revision(), withoutFlannel.marks())
            || wasThrough(rollout, flannel);
    boolean over = through || (settled && live.isComplete());
    // Otherwise the change that is being replaced may be why nodes are unhealthy now.
    UnhealthyBaseline ill =
        over
            ? UnhealthyBaseline.of(leases, tunnels)
            : before.and(UnhealthyBaseline.newcomers(leases, live.changedAt()));
    boolean cuts = live.cuts() && !over;
    return new RolloutAnnotations(
        wantedRevision,
        Optional.of(seen.now().truncatedTo(ChronoUnit.SECONDS)),
        through ? live.completed().previous() : live.previous(),
        ill.and(withoutFlannel).marks(),
        Optional.empty(),
        cuts || ChangeImpact.judge(seen.wanted(), cluster) instanceof ChangeImpact.Disruptive);
  }

  /**
   * Whether a node that is done shows that the change works. A node that joined or booted after the
   * change reached nobody before, so its gate opens whatever it reaches. So does the gate of a node
   * that was unhealthy before, which counts only if all nodes were.
   */
  private static boolean isProven(
      FlannelPods pods, RolloutAnnotations marks, List<NodeLease> leases) {
    UnhealthyBaseline before = new UnhealthyBaseline(marks.unhealthyBefore());
    Set<String> there =
        leases.stream()
            .map(NodeLease::node)
            .filter(node -> !node.startedAfter(marks.changedAt()))
            .map(ClusterNode::name)
            .collect(Collectors.toSet());
    boolean allIll = there.stream().allMatch(before::has);
    return pods.of(marks.revision())
        .filter(FlannelPod::gateOpen)
        .map(FlannelPod::node)
        .anyMatch(node -> there.contains(node) && (allIll || !before.has(node)));
  }

  /**
   * Whether every node that is not skipped has a pod of the current template and reaches what it
   * reached before. A node that has just lost its old pod has none for a moment.
   */
  private static boolean isComplete(
      FlannelPods pods, List<NodeLease> leases, String revision, Set<String> unhealthyBefore) {
    SkippedNodes away = SkippedNodes.from(pods, leases, revision, unhealthyBefore);
    List<String> there =
        Stream.concat(
                leases.stream().map(lease -> lease.node().name()),
                pods.all().stream().map(FlannelPod::node))
            .filter(node -> !away.has(node))
            .toList();
    return !there.isEmpty()
        && there.stream()
            .allMatch(
                node ->
                    pods.on(node)
                        .filter(pod -> pod.revision().equals(revision) && pod.gateOpen())
                        .isPresent());
  }

  /** Decides how many nodes may change at once. */
  record Turns(DesiredNetwork wanted, FlannelPods pods, List<NodeLease> leases) {
    private Forward forward(RolloutAnnotations marks, boolean firstAlone) {
      return new Forward(marks, maxUnavailable(marks, firstAlone));
    }

    private Back back(RolloutAnnotations marks) {
      return new Back(marks, maxUnavailable(marks, false));
    }

    private String maxUnavailable(RolloutAnnotations marks, boolean firstAlone) {
      boolean underWay = pods.hasOthersThan(marks.revision());
      int away =
          underWay
              ? SkippedNodes.from(pods, leases, marks.revision(), marks.unhealthyBefore()).count()
              : 0;
      if (away == 0) {
        return firstAlone ? "1" : wanted.maxUnavailable();
      }
      return String.valueOf((firstAlone ? 1 : wanted.unavailableOf(leases.size())) + away);
    }
  }
}
