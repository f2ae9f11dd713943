package io.flannel.operator.control;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The networks' states as gauges. Their number grows with networks, of which there is one, never
 * with nodes.
 *
 * <ul>
 *   <li>{@code flannel_network_condition{network,condition}}: 1 while it is True, else 0
 *   <li>{@code flannel_network_nodes{network,state}}: nodes, by state total or leased
 *   <li>{@code flannel_network_problem_nodes{network,reason}}: nodes with that problem
 *   <li>{@code flannel_network_rollout_nodes{network,state}}: nodes, by state total or updated
 *   <li>{@code flannel_pass_seconds}: how long a pass over a network takes, and how many there were
 * </ul>
 */
@ApplicationScoped
class NetworkMetrics {
  private final Map<String, FlannelNetworkStatus> byNetwork = new ConcurrentHashMap<>();
  private final MultiGauge conditions;
  private final MultiGauge nodes;
  private final MultiGauge problems;
  private final MultiGauge rollouts;
  private final Timer passes;

  NetworkMetrics(MeterRegistry registry) {
    conditions =
        gauge(registry, "flannel.network.condition", "Whether a condition of the network is True");
    nodes = gauge(registry, "flannel.network.nodes", "Nodes of the network by state");
    problems = gauge(registry, "flannel.network.problem.nodes", "Nodes of the network by problem");
    rollouts = gauge(registry, "flannel.network.rollout.nodes", "Nodes of the rollout by state");
    passes = Timer.builder("flannel.pass").description("Passes over a network").register(registry);
  }

  private static MultiGauge gauge(MeterRegistry registry, String name, String description) {
    return MultiGauge.builder(name).description(description).register(registry);
  }

  /** Measures a pass, however it ends. */
  <T> T timed(Supplier<T> pass) {
    return passes.record(pass);
  }

  void record(String network, FlannelNetworkStatus status) {
    if (!status.equals(byNetwork.put(network, status))) {
      publish();
    }
  }

  void forget(String network) {
    if (byNetwork.remove(network) != null) {
      publish();
    }
  }

  private synchronized void publish() {
    List<MultiGauge.Row<?>> conditionRows = new ArrayList<>();
    List<MultiGauge.Row<?>> nodeRows = new ArrayList<>();
    List<MultiGauge.Row<?>> problemRows = new ArrayList<>();
    List<MultiGauge.Row<?>> rolloutRows = new ArrayList<>();
    byNetwork.forEach(
        (network, status) -> {
          for (StatusCondition condition : orEmpty(status.conditions())) {
            conditionRows.add(
                row(
                    network,
                    "condition",
                    condition.type(),
                    condition.status() == Status.TRUE ? 1 : 0));
          }
          Summary summary = status.summary();
          if (summary != null) {
            nodeRows.add(row(network, "state", "total", summary.nodes()));
            nodeRows.add(row(network, "state", "leased", summary.leased()));
          }
          for (var problem : orEmpty(status.problems())) {
            problemRows.add(
                row(network, "reason", problem.reason(), orEmpty(problem.nodes()).size()));
          }
          Rollout rollout = status.rollout();
          if (rollout != null) {
            rolloutRows.add(row(network, "state", "total", rollout.total()));
            rolloutRows.add(row(network, "state", "updated", rollout.updated()));
          }
        });
    conditions.register(conditionRows, true);
    nodes.register(nodeRows, true);
    problems.register(problemRows, true);
    rollouts.register(rolloutRows, true);
  }

  private static MultiGauge.Row<?> row(
      String network, String tag, String value, @Nullable Integer count) {
    return MultiGauge.Row.of(
        Tags.of("network", network, tag, value), Optional.ofNullable(count).orElse(0));
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }
}
