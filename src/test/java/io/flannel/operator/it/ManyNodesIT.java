package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.testing.apiserver.TestNode;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A thousand nodes: one summary, a capped list, and an object far below etcd's size limit. */
class ManyNodesIT {
  private static final int NODES = 1000;

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @Test
  void theStatusStaysSmall() throws IOException {
    var network = TestNetwork.of(cluster, "default");
    // Paused, so that the DaemonSet controller does not create a thousand pods.
    network.apply(TestNetwork.IPIP + "paused: true").confirmNoOtherFlannel();
    IntStream.rangeClosed(1, NODES).parallel().forEach(ManyNodesIT::node);
    try (OperatorProcess operator = cluster.operator().start().awaitReady()) {
      eventually(
          "all nodes", () -> assertThat(network.status().summary().nodes()).isEqualTo(NODES));
      var status = network.status();
      assertThat(status.summary().leased()).isEqualTo(NODES - 2);
      assertThat(status.nodes()).hasSize(500);
      assertThat(status.nodesOmitted()).isEqualTo(500);
      assertThat(status.nodes().getFirst().reason()).isEqualTo("DuplicatePublicIP");
      assertThat(status.problems())
          .singleElement()
          .satisfies(problem -> assertThat(problem.nodes()).containsExactly("node-1", "node-2"));
      assertThat(Serialization.asJson(status).length()).isLessThan(300_000);

      double passes = operator.passes();
      System.out.printf(
          "%d nodes: operator %s, status %d bytes, %.0f passes%n",
          NODES, rss(operator), Serialization.asJson(status).length(), passes);
    }
  }

  private static void node(int i) {
    // Nodes 1 and 2 share an address.
    String address = i <= 2 ? "172.16.0.1" : "172.16.%d.%d".formatted(i / 250, i % 250);
    TestNode.named("node-" + i)
        .podCidrs("10.244.%d.%d/26".formatted(i / 4, i % 4 * 64))
        .internalIp(address)
        .lease("ipip", "null", address)
        .create(cluster.client());
  }

  private static String rss(OperatorProcess operator) throws IOException {
    try (var lines = Files.lines(Path.of("/proc/" + operator.pid() + "/status"))) {
      return lines.filter(line -> line.startsWith("VmRSS")).findFirst().orElse("VmRSS unknown");
    }
  }
}
