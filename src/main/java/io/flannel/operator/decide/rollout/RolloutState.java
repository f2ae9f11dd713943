package io.flannel.operator.decide.rollout;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How flannel's rollout goes on: which nodes are through, and which template is to be on the
 * others.
 *
 * @param gates the readiness gates to open, and what the others wait for
 * @param step what to do about the DaemonSet
 * @param underWay whether pods of different templates run
 * @param away the nodes that it goes on without
 */
public record RolloutState(
    RolloutGates gates, RolloutAction step, boolean underWay, SkippedNodes away) {

  /**
   * Judges by what the cluster holds before anything is written.
   *
   * @param wantedRevision of the template that the spec asks for
   * @param attempt the FlannelNetwork's annotation {@code flannel.io/retry}; empty: none
   * @param reports of the node agents, by node
   * @param said the network's status as it is
   */
  public static RolloutState of(
      DesiredNetwork wanted,
      String wantedRevision,
      String attempt,
      ClusterState cluster,
      Map<String, AgentReport> reports,
      Optional<FlannelNetworkStatus> said,
      Instant now) {
    List<NodeLease> leases = NodeLease.judge(wanted, cluster);
    PreviousStatus last = PreviousStatus.of(said);
    Optional<TunnelVerdicts> tunnels =
        wanted.health().enabled()
            ? Optional.of(TunnelVerdicts.judge(wanted.health(), leases, reports, last))
            : Optional.empty();
    RolloutGates gates = RolloutGates.judge(wanted, cluster, leases, tunnels, last, now);
    RolloutAction step =
        RolloutAction.decide(
            wanted,
            wantedRevision,
            attempt,
            cluster,
            leases,
            tunnels,
            said.map(FlannelNetworkStatus::rollout),
            wanted.goesBack() ? gates.failed() : Optional.empty(),
            wanted.goesBack(),
            now);
    return new RolloutState(
        gates,
        step,
        isUnderWay(cluster.pods()),
        SkippedNodes.from(
            cluster.pods(), leases, step.marks().revision(), step.marks().unhealthyBefore()));
  }

  /** Whether gates may be opened: {@code spec.paused} stops a rollout where it is. */
  public boolean mayOpenGates(boolean paused) {
    return !paused || !underWay;
  }

  /**
   * Whether the next thing to do is to write another template than the live one, and the change
   * thus begins.
   */
  public boolean begins(ClusterState cluster) {
    return step instanceof RolloutAction.Forward forward
        && cluster
            .live()
            .filter(live -> !live.marks().revision().equals(forward.marks().revision()))
            .isPresent();
  }

  /** The rollout that failed and is, or is being, taken back. */
  public Optional<RolledBack> rolledBack() {
    return step instanceof RolloutAction.Back back ? back.marks().rolledBack() : Optional.empty();
  }

  private static boolean isUnderWay(FlannelPods pods) {
    return pods.all().stream().map(pod -> pod.revision()).distinct().count() > 1;
  }
}
