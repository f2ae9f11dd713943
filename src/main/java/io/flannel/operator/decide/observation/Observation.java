package io.flannel.operator.decide.observation;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.DesiredNetwork;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A network and its cluster as observed at one time.
 *
 * @param wanted what the spec asks for
 * @param reports the node agents' reports, by node
 * @param status the FlannelNetwork's status; empty if it has none
 * @param leases every node of the network, see {@link NodeLease#judge}
 * @param now the time of the observation
 */
public record Observation(
    DesiredNetwork wanted,
    ClusterState cluster,
    Map<String, AgentReport> reports,
    Optional<FlannelNetworkStatus> status,
    List<NodeLease> leases,
    Instant now) {

  /** Creates an observation, judging the nodes' leases. */
  public static Observation of(
      DesiredNetwork wanted,
      ClusterState cluster,
      Map<String, AgentReport> reports,
      Optional<FlannelNetworkStatus> status,
      Instant now) {
    return new Observation(wanted, cluster, reports, status, NodeLease.judge(wanted, cluster), now);
  }

  public Observation withReports(Map<String, AgentReport> others) {
    return new Observation(wanted, cluster, others, status, leases, now);
  }

  public Observation withStatus(Optional<FlannelNetworkStatus> other) {
    return new Observation(wanted, cluster, reports, other, leases, now);
  }

  /** Returns what the status says about nodes and problems. */
  public PreviousStatus previous() {
    return PreviousStatus.of(status);
  }

  /** Judges the tunnels by the reports; empty if tunnel health is disabled. */
  public Optional<TunnelVerdicts> tunnels() {
    return wanted.health().enabled()
        ? Optional.of(TunnelVerdicts.judge(wanted.health(), leases, reports, previous()))
        : Optional.empty();
  }
}
