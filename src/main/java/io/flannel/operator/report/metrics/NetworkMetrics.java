package io.flannel.operator.report.metrics;

import static io.flannel.operator.flannel.OrEmpty.orEmpty;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.health.TunnelVerdict;
import io.flannel.operator.flannel.PrintableText;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.quarkus.runtime.Startup;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The networks' states as gauges, and a few gauges per node, but none per pair of nodes.
 *
 * <ul>
 *   <li>{@code flannel_network_condition{network,condition}}: 1 while it is True, else 0
 *   <li>{@code flannel_network_nodes{network,state}}: nodes, by state total or leased, and by
 *       tunnel state healthy, degraded, down or unknown
 *   <li>{@code flannel_network_problem_nodes{network,reason}}: nodes with that problem
 *   <li>{@code flannel_network_rollout_nodes{network,state}}: nodes, by state total or updated
 *   <li>{@code flannel_node_tunnel_healthy{network,node}}: 1 while the node's tunnel is Healthy, 0
 *       while it is Degraded or Down, missing while that is unknown
 *   <li>{@code flannel_node_peers_reachable_ratio{network,node}}: share of the probed peers, 0 to 1
 *   <li>{@code flannel_node_rtt_seconds{network,node,quantile}}: round-trip time to the node's
 *       peers, its median and 99th percentile, as reported when something last changed
 *   <li>{@code flannel_reconcile_duration_seconds}: duration and number of a network's
 *       reconciliations
 * </ul>
 */
@ApplicationScoped
@Startup // So that its metrics exist before the first network, and on a standby.
public class NetworkMetrics {
  /** What the gauges show of a network. */
  private record Shown(FlannelNetworkStatus status, Map<String, TunnelVerdict> nodes) {}

  private final Map<String, Shown> byNetwork = new ConcurrentHashMap<>();
  private final MultiGauge conditions;
  private final MultiGauge nodes;
  private final MultiGauge problems;
  private final MultiGauge rollouts;
  private final MultiGauge healthyNodes;
  private final MultiGauge reachable;
  private final MultiGauge roundTrips;
  private final Timer reconciliations;

  public NetworkMetrics(MeterRegistry registry) {
    conditions =
        gauge(registry, "flannel.network.condition", "Whether a condition of the network is True");
    nodes = gauge(registry, "flannel.network.nodes", "Nodes of the network by state");
    problems = gauge(registry, "flannel.network.problem.nodes", "Nodes of the network by problem");
    rollouts = gauge(registry, "flannel.network.rollout.nodes", "Nodes of the rollout by state");
    healthyNodes =
        gauge(registry, "flannel.node.tunnel.healthy", "Whether the node's tunnel is Healthy");
    reachable =
        gauge(registry, "flannel.node.peers.reachable.ratio", "Peers reached of those probed");
    roundTrips = gauge(registry, "flannel.node.rtt.seconds", "Round-trip time to the node's peers");
    reconciliations =
        Timer.builder("flannel.reconcile.duration")
            .description("Reconciliations of a network")
            .register(registry);
  }

  private static MultiGauge gauge(MeterRegistry registry, String name, String description) {
    return MultiGauge.builder(name).description(description).register(registry);
  }

  /** Measures a reconciliation, even if it fails. */
  public <T> T timed(Supplier<T> reconciliation) {
    return reconciliations.record(reconciliation);
  }

  /**
   * Sets what is shown of a network.
   *
   * @param nodes verdicts on the nodes' tunnels, by name; empty if there are none
   */
  public void record(
      String network, FlannelNetworkStatus status, Map<String, TunnelVerdict> nodes) {
    Shown now = new Shown(status, nodes);
    if (!now.equals(byNetwork.put(network, now))) {
      publish();
    }
  }

  public void forget(String network) {
    if (byNetwork.remove(network) != null) {
      publish();
    }
  }

  private synchronized void publish() {
    List<MultiGauge.Row<?>> conditionRows = new ArrayList<>();
    List<MultiGauge.Row<?>> nodeRows = new ArrayList<>();
    List<MultiGauge.Row<?>> problemRows = new ArrayList<>();
    List<MultiGauge.Row<?>> rolloutRows = new ArrayList<>();
    List<MultiGauge.Row<?>> healthyRows = new ArrayList<>();
    List<MultiGauge.Row<?>> reachableRows = new ArrayList<>();
    List<MultiGauge.Row<?>> roundTripRows = new ArrayList<>();
    byNetwork.forEach(
        (network, shown) -> {
          FlannelNetworkStatus status = shown.status();
          for (StatusCondition condition : orEmpty(status.conditions())) {
            conditionRows.add(
                row(
                    condition.status() == Status.TRUE ? 1 : 0,
                    "network",
                    network,
                    "condition",
                    condition.type()));
          }
          Summary summary = status.summary();
          if (summary != null) {
            nodeRows.add(state(network, "total", summary.nodes()));
            nodeRows.add(state(network, "leased", summary.leased()));
            nodeRows.add(state(network, "healthy", summary.healthy()));
            nodeRows.add(state(network, "degraded", summary.degraded()));
            nodeRows.add(state(network, "down", summary.down()));
            nodeRows.add(state(network, "unknown", summary.unknown()));
          }
          for (var problem : orEmpty(status.problems())) {
            problemRows.add(
                row(
                    orEmpty(problem.nodes()).size(),
                    "network",
                    network,
                    "reason",
                    problem.reason()));
          }
          Rollout rollout = status.rollout();
          if (rollout != null) {
            rolloutRows.add(state(network, "total", rollout.total()));
            rolloutRows.add(state(network, "updated", rollout.updated()));
          }
          shown
              .nodes()
              .forEach(
                  (node, verdict) -> {
                    String[] tags = {"network", network, "node", node};
                    if (verdict.tunnel() != Tunnel.UNKNOWN) {
                      healthyRows.add(row(verdict.tunnel() == Tunnel.HEALTHY ? 1 : 0, tags));
                    }
                    verdict
                        .reach()
                        .filter(reach -> reach.probed() > 0)
                        .ifPresent(
                            reach ->
                                reachableRows.add(
                                    row((double) reach.reached() / reach.probed(), tags)));
                    verdict
                        .rttP50Micros()
                        .ifPresent(it -> roundTripRows.add(quantile(network, node, "0.5", it)));
                    verdict
                        .rttP99Micros()
                        .ifPresent(it -> roundTripRows.add(quantile(network, node, "0.99", it)));
                  });
        });
    conditions.register(conditionRows, true);
    nodes.register(nodeRows, true);
    problems.register(problemRows, true);
    rollouts.register(rolloutRows, true);
    healthyNodes.register(healthyRows, true);
    reachable.register(reachableRows, true);
    roundTrips.register(roundTripRows, true);
  }

  private static MultiGauge.Row<?> state(String network, String state, @Nullable Integer count) {
    return row(count == null ? 0 : count, "network", network, "state", state);
  }

  private static MultiGauge.Row<?> quantile(
      String network, String node, String quantile, int micros) {
    return row(micros / 1e6, "network", network, "node", node, "quantile", quantile);
  }

  private static MultiGauge.Row<?> row(double value, String... tags) {
    return MultiGauge.Row.of(
        Tags.of(Arrays.stream(tags).map(PrintableText::of).toArray(String[]::new)), value);
  }
}
