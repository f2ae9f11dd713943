package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Everything that a status is computed from.
 *
 * @param generation {@code metadata.generation} of the FlannelNetwork that was judged
 * @param seen the observed state, with the reports as they are shown, and the previous status,
 *     whose times are kept where nothing changed
 * @param tunnels its {@link Observation#tunnels}; empty if nothing measures them
 * @param paused whether {@code spec.paused} forbids writing
 * @param applyError why the objects could not be written, if they could not
 * @param adoption what is left of a flannel that was there before
 * @param course the rollout's state
 * @param actingSince when this operator began to act
 */
public record StatusInput(
    long generation,
    Observation seen,
    Optional<TunnelVerdicts> tunnels,
    Decision decision,
    boolean paused,
    Optional<String> applyError,
    Optional<FlannelNetworkStatus.Adoption> adoption,
    RolloutState course,
    Instant actingSince) {

  /** The network's current status. */
  public Optional<FlannelNetworkStatus> previous() {
    return seen.status();
  }

  /** What the spec asks for. */
  public DesiredNetwork wanted() {
    return seen.wanted();
  }

  /** The observed state of the cluster. */
  public ClusterState cluster() {
    return seen.cluster();
  }

  /** The nodes that belong to the network. */
  public List<NodeLease> leases() {
    return seen.leases();
  }

  /** The hash of the configuration that the spec results in. */
  public String wantedHash() {
    return NetConf.of(wanted()).hash();
  }
}
