package io.flannel.operator.decide.rollout;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.health.TunnelIssue;
import io.flannel.operator.decide.health.TunnelIssue.Place;
import io.flannel.operator.decide.health.TunnelVerdict;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Lease;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides which flannel pods' readiness gates to open: those of nodes that were measured to reach
 * again all that they reached before. Kubernetes' DaemonSet controller updates no further node
 * while too many pods are not ready.
 *
 * @param open names of the pods
 * @param waiting the nodes whose gates stay closed, by name
 * @param lookAgain delay before a gate can be judged without an event; empty if none can
 */
public record RolloutGates(List<String> open, List<Waiting> waiting, Optional<Duration> lookAgain) {

  /** Time that a report takes from a node to the operator. */
  private static final Duration REPORTING = Duration.ofSeconds(2);

  /** A fault that outlasts this many measurement periods is not transient. */
  private static final int PATIENCE = 2;

  /**
   * A node whose gate is closed.
   *
   * @param why what it waits for, or what is wrong, as the end of a sentence
   * @param failed whether its tunnels are worse than before the rollout and have been for too long
   *     to be in transition: its pod has run for {@link RolloutGates#patience}, and the status has
   *     reported it for half of that
   */
  public record Waiting(String node, String why, boolean failed) {}

  /**
   * Judges all pods whose gates are closed.
   *
   * @param seen includes the last status: nothing fails for a fault that has only just been seen
   * @param tunnels the verdicts; empty if nothing measures tunnels, then a lease is all that is
   *     required
   */
  static RolloutGates judge(Observation seen, Optional<TunnelVerdicts> tunnels) {
    ClusterState cluster = seen.cluster();
    if (cluster.live().isEmpty()) {
      return new RolloutGates(List.of(), List.of(), Optional.empty());
    }
    var judge = new Judge(seen, cluster.live().get(), tunnels);
    Map<String, NodeLease> byNode =
        seen.leases().stream()
            .collect(Collectors.toMap(lease -> lease.node().name(), Function.identity()));
    for (FlannelPod pod : cluster.pods().all()) {
      NodeLease lease = byNode.get(pod.node());
      if (!pod.gateOpen() && lease != null) {
        judge.pod(pod, lease);
      }
    }
    return new RolloutGates(
        List.copyOf(judge.open), List.copyOf(judge.waiting), Optional.ofNullable(judge.lookAgain));
  }

  /** Returns the first node that the rollout made unhealthy; empty if there is none. */
  public Optional<Waiting> failed() {
    return waiting.stream().filter(Waiting::failed).findFirst();
  }

  /** Time from a pod's start until a lost tunnel is noticed and reported. */
  static Duration measured(DesiredNetwork.Health health) {
    return health.interval().multipliedBy(health.failAfter() + 1L).plus(REPORTING);
  }

  /** Time from a pod's start after which a remaining fault is not transient. */
  static Duration patience(DesiredNetwork.Health health) {
    return measured(health).multipliedBy(PATIENCE);
  }

  private static final class Judge {
    private final ClusterState cluster;
    private final UnhealthyBaseline before;
    private final Optional<Instant> changedAt;
    private final boolean goesBack;
    private final Optional<TunnelVerdicts> tunnels;
    private final PreviousStatus said;
    private final Instant now;
    private final Duration measured;
    private final List<String> open = new ArrayList<>();
    private final List<Waiting> waiting = new ArrayList<>();
    private @Nullable Duration lookAgain;

    Judge(Observation seen, LiveFlannel live, Optional<TunnelVerdicts> tunnels) {
      this.cluster = seen.cluster();
      this.before = new UnhealthyBaseline(live.marks().unhealthyBefore());
      this.changedAt = live.marks().changedAt();
      this.goesBack = live.marks().rolledBack().isPresent();
      this.tunnels = tunnels;
      this.said = seen.previous();
      this.now = seen.now();
      this.measured = measured(seen.wanted().health());
    }

    void pod(FlannelPod pod, NodeLease lease) {
      if (pod.runningSince().isEmpty()) {
        waits(pod, "its flannel pod is not running");
        return;
      }
      Duration running = Duration.between(pod.runningSince().get(), now);
      // A node that joined or booted after the change reached nobody before.
      boolean wasIll = before.has(pod.node()) || lease.node().startedAfter(changedAt);
      if (!hasLeaseOf(pod, lease)) {
        String why =
            lease
                .problem()
                .map(problem -> problem.reason() + ": it " + problem.message())
                .orElse("flannel has not registered it again yet");
        if (wasIll && measuredSince(running, 1)) {
          open.add(pod.name());
        } else {
          waits(pod, why);
        }
      } else if (tunnels.isEmpty()
          || (wasIll && (isHealthy(pod.node()) || measuredSince(running, PATIENCE)))) {
        open.add(pod.name());
      } else if (wasIll || !measuredSince(running, 1)) {
        waits(pod, "its tunnels are being measured");
      } else if (goesBack) {
        // flanneld leaves its routes to nodes of another backend as they are. What failed between
        // two nodes recovers when both are rolled back, so neither may wait for the other.
        open.add(pod.name());
      } else {
        tunnels(pod, running);
      }
    }

    private void tunnels(FlannelPod pod, Duration running) {
      Optional<Worse> worse =
          tunnels.orElseThrow().troubles().stream()
              .filter(trouble -> UnhealthyBaseline.harms(trouble.cause()))
              .flatMap(
                  trouble ->
                      trouble.places().stream()
                          .filter(
                              place -> UnhealthyBaseline.ends(place).anyMatch(pod.node()::equals))
                          .filter(place -> !before.has(place))
                          .map(place -> new Worse(trouble.cause(), place)))
              .findFirst();
      TunnelVerdict verdict = tunnels.orElseThrow().nodes().get(pod.node());
      boolean undecided = tunnels.orElseThrow().undecided().contains(pod.node());
      if (worse.isPresent()) {
        boolean stays = measuredSince(running, PATIENCE) && wasToldInTime(worse.get());
        waiting.add(new Waiting(pod.node(), worse.get().toString(), stays));
      } else if (verdict == null || verdict.tunnel() == Tunnel.UNKNOWN || undecided) {
        waits(pod, "its tunnels are not known yet");
      } else {
        open.add(pod.name());
      }
    }

    /**
     * Whether the status has reported it for long enough. The pod may have waited long for another
     * reason, or for an operator; then the problem is new.
     */
    private boolean wasToldInTime(Worse worse) {
      Instant since = said.since(worse.cause(), UnhealthyBaseline.ends(worse.place())).orElse(now);
      return measuredSince(Duration.between(since, now), 1);
    }

    private boolean isHealthy(String node) {
      return tunnels
          .filter(it -> !it.undecided().contains(node))
          .map(it -> it.nodes().get(node))
          .filter(verdict -> verdict.tunnel() == Tunnel.HEALTHY)
          .isPresent();
    }

    /** Whether the node's lease is of the configuration that the pod was created with. */
    private boolean hasLeaseOf(FlannelPod pod, NodeLease lease) {
      return lease.problem().isEmpty()
          && cluster
              .pods()
              .configOf(pod)
              .map(
                  config ->
                      lease
                          .lease()
                          .map(Lease::backendType)
                          .equals(Optional.of(config.backendType())))
              .orElse(true);
    }

    private boolean measuredSince(Duration elapsed, int times) {
      Duration left = measured.multipliedBy(times).minus(elapsed);
      if (left.isPositive() && (lookAgain == null || left.compareTo(lookAgain) < 0)) {
        lookAgain = left;
      }
      return !left.isPositive();
    }

    private void waits(FlannelPod pod, String why) {
      waiting.add(new Waiting(pod.node(), why, false));
    }
  }

  /** A problem that a node did not have before. */
  private record Worse(ProblemReason cause, Place place) {
    @Override
    public String toString() {
      String where =
          switch (place) {
            case TunnelIssue.At at ->
                at.toward()
                    .map(toward -> "at %s toward %s".formatted(at.node(), toward))
                    .orElse("at " + at.node());
            case TunnelIssue.Between pair -> "between %s and %s".formatted(pair.a(), pair.b());
            case TunnelIssue.OneWay way -> "from %s to %s".formatted(way.from(), way.to());
          };
      return cause.reason() + " " + where;
    }
  }
}
