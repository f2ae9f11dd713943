package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.flannel.DesiredNetwork;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that a status is made of.
 *
 * @param generation {@code metadata.generation} of the FlannelNetwork that was judged
 * @param previous the status that it has now; its times are kept where nothing changed
 * @param leases the nodes that shall be part of the network
 * @param wantedHash the hash of the configuration that {@code wanted} makes
 * @param paused whether {@code spec.paused} forbids writing
 * @param applyError why the objects could not be written, if they could not
 * @param adoption what is left of a flannel that was there before
 * @param reports what the node agents reported, by node, as far as they did
 * @param course how the rollout goes on
 * @param actingSince when this operator began to act
 */
public record StatusInput(
    long generation,
    Optional<FlannelNetworkStatus> previous,
    DesiredNetwork wanted,
    Decision decision,
    ClusterState cluster,
    List<NodeLease> leases,
    String wantedHash,
    boolean paused,
    Optional<String> applyError,
    Optional<FlannelNetworkStatus.Adoption> adoption,
    Map<String, AgentReport> reports,
    RolloutState course,
    Instant actingSince) {

  /**
   * What the reports say of the tunnels; empty where nothing measures them. The reconciler looks
   * again after {@link TunnelVerdicts#lookAgain()}.
   */
  public Optional<TunnelVerdicts> tunnels() {
    if (!wanted.health().enabled()) {
      return Optional.empty();
    }
    return Optional.of(
        TunnelVerdicts.judge(wanted.health(), leases, reports, PreviousStatus.of(previous)));
  }
}
