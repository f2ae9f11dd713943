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
 * A network and its cluster, as they were seen at one time.
 *
 * @param wanted what the spec asks for
 * @param reports of the node agents, by node
 * @param status what the FlannelNetwork's status said; empty: it has none
 * @param leases every node of the network: see {@link NodeLease#judge}
 * @param now when that was
 */
public record Observation(
    DesiredNetwork wanted,
    ClusterState cluster,
    Map<String, AgentReport> reports,
    Optional<FlannelNetworkStatus> status,
    List<NodeLease> leases,
    Instant now) {

  /** Judges the nodes' leases. */
  public static Observation of(
      DesiredNetwork wanted,
      ClusterState cluster,
      Map<String, AgentReport> reports,
      Optional<FlannelNetworkStatus> status,
      Instant now) {
    return new Observation(wanted, cluster, reports, status, NodeLease.judge(wanted, cluster), now);
  }

  /** The same with other reports. */
  public Observation withReports(Map<String, AgentReport> others) {
    return new Observation(wanted, cluster, others, status, leases, now);
  }

  /** The same with another status. */
  public Observation withStatus(Optional<FlannelNetworkStatus> other) {
    return new Observation(wanted, cluster, reports, other, leases, now);
  }

  /** What the status said of nodes and problems. */
  public PreviousStatus previous() {
    return PreviousStatus.of(status);
  }

  /** Judges the tunnels by the reports; empty where nothing measures them. */
  public Optional<TunnelVerdicts> tunnels() {
    return wanted.health().enabled()
        ? Optional.of(TunnelVerdicts.judge(wanted.health(), leases, reports, previous()))
        : Optional.empty();
  }
}
