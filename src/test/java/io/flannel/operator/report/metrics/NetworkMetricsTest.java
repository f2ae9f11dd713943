package io.flannel.operator.report.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.health.TunnelVerdict;
import io.flannel.operator.decide.health.TunnelVerdict.Reach;
import io.micrometer.prometheus.PrometheusConfig;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The series' values, as Prometheus reads them. */
class NetworkMetricsTest {
  private static final FlannelNetworkStatus NOTHING =
      new FlannelNetworkStatus(null, null, null, null, null, null, null, null, null, null);

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final NetworkMetrics metrics = new NetworkMetrics(registry);

  @Test
  void aConditionIsOneOnlyWhileItIsTrue() {
    metrics.record(
        "default",
        new FlannelNetworkStatus(
            1L,
            List.of(
                condition("Ready", Status.TRUE),
                condition("Stalled", Status.FALSE),
                condition("TunnelsHealthy", Status.UNKNOWN)),
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null),
        Map.of());
    assertThat(samples())
        .containsExactly(
            "flannel_network_condition{condition=\"Ready\",network=\"default\"} 1.0",
            "flannel_network_condition{condition=\"Stalled\",network=\"default\"} 0.0",
            "flannel_network_condition{condition=\"TunnelsHealthy\",network=\"default\"} 0.0");
  }

  @Test
  void nodesAreCountedByStateAndProblem() {
    metrics.record(
        "default",
        new FlannelNetworkStatus(
            1L,
            null,
            null,
            null,
            new Rollout(Rollout.Phase.PROGRESSING, 2, 9, null, null, null, null, null, null),
            new Summary(9, 8, 4, 3, null, 1),
            null,
            null,
            List.of(
                new Problem("DeviceDown", "it is down", List.of("n1", "n2"), null, null),
                new Problem("PacketLoss", "some are lost", null, null, null)),
            null),
        Map.of());
    assertThat(samples())
        .containsExactly(
            "flannel_network_nodes{network=\"default\",state=\"degraded\"} 3.0",
            "flannel_network_nodes{network=\"default\",state=\"down\"} 0.0",
            "flannel_network_nodes{network=\"default\",state=\"healthy\"} 4.0",
            "flannel_network_nodes{network=\"default\",state=\"leased\"} 8.0",
            "flannel_network_nodes{network=\"default\",state=\"total\"} 9.0",
            "flannel_network_nodes{network=\"default\",state=\"unknown\"} 1.0",
            "flannel_network_problem_nodes{network=\"default\",reason=\"DeviceDown\"} 2.0",
            "flannel_network_problem_nodes{network=\"default\",reason=\"PacketLoss\"} 0.0",
            "flannel_network_rollout_nodes{network=\"default\",state=\"total\"} 9.0",
            "flannel_network_rollout_nodes{network=\"default\",state=\"updated\"} 2.0");
  }

  @Test
  void aNodeHasTheSeriesThatAreKnownOfIt() {
    metrics.record(
        "default",
        NOTHING,
        Map.of(
            "healthy", verdict(Tunnel.HEALTHY, new Reach(3, 4), 250, 500_000),
            "degraded", verdict(Tunnel.DEGRADED, new Reach(0, 1), null, null),
            "unknown", verdict(Tunnel.UNKNOWN, new Reach(0, 0), null, null)));
    assertThat(samples())
        .containsExactly(
            "flannel_node_peers_reachable_ratio{network=\"default\",node=\"degraded\"} 0.0",
            "flannel_node_peers_reachable_ratio{network=\"default\",node=\"healthy\"} 0.75",
            "flannel_node_rtt_seconds{network=\"default\",node=\"healthy\",quantile=\"0.5\"}"
                + " 2.5E-4",
            "flannel_node_rtt_seconds{network=\"default\",node=\"healthy\",quantile=\"0.99\"} 0.5",
            "flannel_node_tunnel_healthy{network=\"default\",node=\"degraded\"} 0.0",
            "flannel_node_tunnel_healthy{network=\"default\",node=\"healthy\"} 1.0");
  }

  @Test
  void aNetworkThatIsGoneHasNoSeries() {
    Map<String, TunnelVerdict> nodes = Map.of("n1", verdict(Tunnel.DOWN, null, null, null));
    metrics.record("one", NOTHING, nodes);
    metrics.record("other", NOTHING, nodes);
    metrics.forget("one");
    assertThat(samples())
        .containsExactly("flannel_node_tunnel_healthy{network=\"other\",node=\"n1\"} 0.0");
  }

  @Test
  void aReconciliationIsCountedAndItsResultReturned() {
    assertThat(metrics.timed(() -> "done")).isEqualTo("done");
    assertThat(registry.scrape()).contains("flannel_reconcile_duration_seconds_count 1");
  }

  private List<String> samples() {
    return registry
        .scrape()
        .lines()
        .filter(line -> line.startsWith("flannel_n"))
        .map(line -> line.replace(",}", "}"))
        .sorted()
        .toList();
  }

  private static StatusCondition condition(String type, Status status) {
    return new StatusCondition(type, status, "Reason", "message", "2026-11-23T10:00:00Z", 1L);
  }

  private static TunnelVerdict verdict(Tunnel tunnel, Reach reach, Integer p50, Integer p99) {
    return new TunnelVerdict(
        tunnel,
        Optional.empty(),
        Optional.ofNullable(reach),
        Optional.empty(),
        Optional.ofNullable(p50),
        Optional.ofNullable(p99));
  }
}
