package io.flannel.operator.report;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that a status is made of.
 *
 * @param generation {@code metadata.generation} of the FlannelNetwork that was judged
 * @param seen what there is, with the reports as they are to be told of, and the status that is
 *     there; its times are kept where nothing changed
 * @param tunnels {@link Observation#tunnels} of it; empty where nothing measures them
 * @param paused whether {@code spec.paused} forbids writing
 * @param applyError why the objects could not be written, if they could not
 * @param adoption what is left of a flannel that was there before
 * @param course how the rollout goes on
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

  /** The status that the network has now. */
  public Optional<FlannelNetworkStatus> previous() {
    return seen.status();
  }

  /** What the spec asks for. */
  public DesiredNetwork wanted() {
    return seen.wanted();
  }

  /** What the cluster holds. */
  public ClusterState cluster() {
    return seen.cluster();
  }

  /** The nodes that shall be part of the network. */
  public List<NodeLease> leases() {
    return seen.leases();
  }

  /** What the node agents reported, by node, as far as they did. */
  public Map<String, AgentReport> reports() {
    return seen.reports();
  }

  /** The hash of the configuration that the spec makes. */
  public String wantedHash() {
    return NetConf.of(wanted()).hash();
  }
}
