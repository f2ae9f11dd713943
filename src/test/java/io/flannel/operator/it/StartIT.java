package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.operator.OperatorProcess;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An operator that starts before the CRDs, or before the API server. */
class StartIT {
  @RegisterExtension static final ApiServer api = new ApiServer();

  @Test
  void itWaitsAndSaysOnceForWhatAndOutlivesTheApiServer() throws Exception {
    TestCluster.admit(api);
    try (OperatorProcess operator =
        TestCluster.operatorOf(api)
            .environment("QUARKUS_LOG_CONSOLE_JSON_ENABLED", "true")
            // An operator that loses the Lease exits, and nothing restarts it here.
            .environment("FLANNEL_LEADER_ELECTION_LEASE_DURATION", "3m")
            .environment("FLANNEL_LEADER_ELECTION_RENEW_DEADLINE", "2m")) {
      api.killServer();
      operator.start();
      eventually(
          "what it waits for",
          () -> assertThat(operator.logged()).contains("the API server at " + api.url()));
      api.startServerAgain();
      eventually(
          "what it waits for now",
          () -> assertThat(operator.logged()).contains("does not serve FlannelNetworks"));
      assertThat(operator.isAlive()).isTrue();

      api.installCrds();
      operator.awaitReady();

      TestNetwork network = new TestNetwork(api.client(), "default").apply(TestNetwork.IPIP);
      eventually("flannel", () -> assertThat(daemonSet()).isNotNull());

      api.killServer();
      api.startServerAgain();
      api.client().apps().daemonSets().inNamespace(TestCluster.FLANNEL).delete();
      eventually("it goes on", () -> assertThat(daemonSet()).isNotNull());
      network.apply(TestNetwork.VXLAN);
      eventually(
          "it goes on",
          () -> assertThat(network.status().applied().backend()).hasToString("VXLAN"));

      assertThat(operator.logged().lines())
          .filteredOn(line -> line.contains("does not serve FlannelNetworks"))
          .hasSize(1);
      assertThat(operator.stackTraces()).isEmpty();
      var json = new ObjectMapper();
      assertThat(operator.logged().lines())
          .allSatisfy(
              line -> assertThat(json.readTree(line).path("message").asText()).isNotEmpty());
    }
  }

  private static @Nullable DaemonSet daemonSet() {
    return api.client()
        .apps()
        .daemonSets()
        .inNamespace(TestCluster.FLANNEL)
        .withName("kube-flannel-ds")
        .get();
  }
}
