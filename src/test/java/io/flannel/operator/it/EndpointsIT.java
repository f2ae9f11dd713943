package io.flannel.operator.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.report.metrics.DocumentedSeries;
import io.flannel.operator.report.metrics.ExposedSeries;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The operator's own health and metrics endpoints. */
class EndpointsIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @Test
  void metricsTellTheNetworksState() throws Exception {
    cluster.nodes(3);
    var network = TestNetwork.of(cluster, "default");
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.IPIP).awaitReady();
    }
    operator.process().awaitPassAfter(() -> network.poke("measured"));
    assertThat(operator.process().get("/q/metrics").body())
        .contains(
            "flannel_network_condition{condition=\"Ready\",network=\"default\"} 1.0",
            "flannel_network_condition{condition=\"Stalled\",network=\"default\"} 0.0",
            "flannel_network_nodes{network=\"default\",state=\"leased\"} 3.0",
            "flannel_network_rollout_nodes{network=\"default\",state=\"updated\"} 3.0");

    network.delete();
    TestCluster.eventually(
        "no metric of a network that is gone",
        () ->
            assertThat(operator.process().get("/q/metrics").body())
                .doesNotContain("network=\"default\""));
  }

  @Test
  void everySeriesIsInTheDocs() throws Exception {
    var exposed =
        ExposedSeries.labelsByName(ExposedSeries.in(operator.process().get("/q/metrics").body()));
    assertThat(DocumentedSeries.labelsByName()).containsAllEntriesOf(exposed);
  }

  @Test
  void healthIsUp() throws Exception {
    for (String path : new String[] {"/q/health/live", "/q/health/ready", "/q/health/started"}) {
      var answer = operator.process().get(path);
      assertThat(answer.statusCode()).as(path).isEqualTo(200);
      assertThat(new ObjectMapper().readTree(answer.body()).path("status").asText())
          .as(path)
          .isEqualTo("UP");
    }
  }
}
