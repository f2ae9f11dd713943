package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.preflight.Preflight;
import io.flannel.operator.decide.task.TaskSchedule;
import io.flannel.operator.flannel.Names;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The overall state of a network: the first of these that applies.
 *
 * @param kind what it means for someone who waits
 * @param reason one word, for programs
 * @param message a sentence, for people
 */
record Readiness(Kind kind, String reason, String message) {
  enum Kind {
    /** Everything wanted is in place. */
    READY,
    /** It is in progress; waiting helps. */
    UNDER_WAY,
    /** It makes no progress by itself, but something else may still fix it. */
    INCOMPLETE,
    /** A person must act. */
    STUCK
  }

  /** Reasons that occur with every change and require no action. */
  static final Set<String> ON_ITS_WAY =
      Set.of(
          TaskSchedule.WAITING,
          Preflight.Running.REASON,
          "Installing",
          "RollingOut",
          "TunnelsUnknown",
          StatusReport.CLEANING);

  static Readiness of(StatusInput situation, Optional<Rollout> rollout, TunnelsHealthy tunnels) {
    if (situation.decision() instanceof Decision.Refuse refuse) {
      return new Readiness(Kind.STUCK, "NotAccepted", refuse.withRemedy());
    }
    if (situation.decision() instanceof Decision.Wait wait) {
      return new Readiness(Kind.UNDER_WAY, wait.reason(), wait.message());
    }
    if (situation.applyError().isPresent()) {
      return new Readiness(Kind.UNDER_WAY, "ApplyFailed", situation.applyError().get());
    }
    boolean outdated =
        situation.course().rolledBack().isEmpty()
            && situation
                .cluster()
                .live()
                .filter(live -> live.configHash().equals(situation.wantedHash()))
                .isEmpty();
    if (outdated && situation.paused()) {
      return new Readiness(
          Kind.INCOMPLETE,
          StatusReport.PAUSED,
          "spec.paused is set: the configuration that the spec asks for is not written; set it to"
              + " false to go on");
    }
    if (outdated || rollout.isEmpty()) {
      return new Readiness(Kind.UNDER_WAY, "Installing", "flannel's objects are being written");
    }
    return ofRollout(situation, rollout.get(), tunnels);
  }

  private static Readiness ofRollout(
      StatusInput situation, Rollout rollout, TunnelsHealthy tunnels) {
    String message = String.valueOf(rollout.message());
    return switch (rollout.phase()) {
      case STALLED -> new Readiness(Kind.STUCK, "RolloutStalled", message);
      case ROLLED_BACK -> new Readiness(Kind.STUCK, "RolledBack", message);
      case ROLLING_BACK -> new Readiness(Kind.UNDER_WAY, "RollingBack", message);
      case PROGRESSING, PAUSED -> new Readiness(Kind.UNDER_WAY, "RollingOut", message);
      case COMPLETE -> ofNodes(situation, tunnels);
      case null -> throw new IllegalStateException("a rollout report without a phase");
    };
  }

  private static Readiness ofNodes(StatusInput situation, TunnelsHealthy tunnels) {
    List<NodeLease> leases = situation.leases();
    if (leases.isEmpty()) {
      return new Readiness(
          Kind.INCOMPLETE,
          "NoNodes",
          "no node is selected to run flannel: look at flannel.nodeSelector and flannel.tolerations");
    }
    List<String> missing =
        leases.stream()
            .filter(lease -> lease.problem().isPresent())
            .map(lease -> lease.node().name())
            .toList();
    if (!missing.isEmpty()) {
      return new Readiness(
          Kind.INCOMPLETE,
          "NodesWithoutLease",
          "%d of %d nodes have no valid lease: %s; problems names the causes"
              .formatted(missing.size(), leases.size(), Names.and(missing)));
    }
    var pods = situation.cluster().live().orElseThrow().pods();
    if (pods.available() < pods.desired()) {
      return new Readiness(
          Kind.INCOMPLETE,
          "PodsNotReady",
          "flannel's pod is not ready on %d of %d nodes: kubectl -n kube-flannel get pods -o wide"
              .formatted(pods.desired() - pods.available(), pods.desired()));
    }
    if (situation.wanted().health().enabled() && tunnels.status() != Status.TRUE) {
      return ofTunnels(tunnels);
    }
    return new Readiness(
        Kind.READY,
        "AllNodesLeased",
        "%d of %d nodes have a lease and run the present configuration"
            .formatted(leases.size(), leases.size()));
  }

  private static Readiness ofTunnels(TunnelsHealthy tunnels) {
    return tunnels.status() == Status.FALSE
        ? new Readiness(Kind.INCOMPLETE, "TunnelsUnhealthy", tunnels.message())
        : new Readiness(
            tunnels.waiting() ? Kind.UNDER_WAY : Kind.INCOMPLETE,
            "TunnelsUnknown",
            tunnels.message());
  }
}
