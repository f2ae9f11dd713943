package io.flannel.operator.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.flannel.operator.testing.apiserver.TestNode;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import io.flannel.operator.testing.fakes.FakeTaskPods;
import io.flannel.operator.testing.operator.ImageOptions;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * After a change of the backend every node reports left-overs: a thousand at once, to an operator
 * with the image's JVM options. It survives, and cleans a tenth of the nodes at a time.
 */
@Tag("slow")
class ManyLeftOversIT {
  private static final int NODES = Integer.getInteger("it.nodes", 1000);

  /** Number of nodes, each with a /24, per value of the podCIDR's second octet. */
  private static final int PARTS = 250;

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  private final FakeTaskPods steps = new FakeTaskPods(cluster.client());
  private final TestNetwork network = TestNetwork.of(cluster, "default");

  @Test
  void theOperatorLivesAndATenthIsCleanedAtATime() throws IOException {
    List<String> names = IntStream.range(0, NODES).mapToObj(ManyLeftOversIT::name).toList();
    IntStream.range(0, NODES).parallel().forEach(ManyLeftOversIT::node);
    try (FakeKubelets kubelets = FakeKubelets.on(cluster);
        OperatorProcess operator =
            cluster
                .operator()
                .javaOptions(options())
                .environment("MALLOC_ARENA_MAX", "1")
                // The chart's values: simulating that many nodes keeps the machine busy.
                .environment("FLANNEL_LEADER_ELECTION_LEASE_DURATION", "15s")
                .environment("FLANNEL_LEADER_ELECTION_RENEW_DEADLINE", "10s")
                .environment("FLANNEL_LEADER_ELECTION_RETRY_PERIOD", "2s")
                .start()
                .awaitReady()) {
      network.apply("cidr: 10.128.0.0/9\nbackend: {type: ipip}\n");
      within(
          operator,
          "ready",
          () -> assertThat(network.conditions()).startsWith("Accepted=T Ready=T"));
      long pid = operator.pid();
      kubelets.agents().findOnAll(names, "LeftOvers");

      Set<String> cleaned = new TreeSet<>();
      int[] most = {0};
      within(
          operator,
          "all clean",
          () -> {
            List<Pod> running = steps.running();
            most[0] = Math.max(most[0], running.size());
            running.parallelStream().forEach(pod -> steps.end(pod, true, "removed flannel.1"));
            for (Pod pod : running) {
              cleaned.add(pod.getSpec().getNodeName());
              kubelets.agents().solved(pod.getSpec().getNodeName());
            }
            assertThat(cleaned).hasSize(NODES);
          });
      within(operator, "no pod is left", () -> assertThat(steps.pods()).isEmpty());
      within(
          operator,
          "ready",
          () -> assertThat(network.conditions()).startsWith("Accepted=T Ready=T"));

      assertThat(most[0]).isBetween(2, NODES / 10);
      assertThat(network.status().problems()).isNullOrEmpty();
      assertThat(operator.pid()).isEqualTo(pid);
      assertThat(operator.logged()).doesNotContain("OutOfMemoryError");
      System.out.printf(
          "%d nodes with left-overs: %d MB of %d lived in the operator's heap at most (%s),"
              + " %d steps at a time%n",
          NODES, mostAlive(operator), ImageOptions.heapMegabytes(), peak(pid), most[0]);
    }
  }

  private static String[] options() {
    return Stream.concat(ImageOptions.jvm().stream(), Stream.of("-Xlog:gc")).toArray(String[]::new);
  }

  /** Returns the maximum heap in MB after a full collection, according to the JVM's log. */
  private static int mostAlive(OperatorProcess operator) {
    return Pattern.compile("Pause Full .*->([0-9]+)M\\(")
        .matcher(operator.logged())
        .results()
        .mapToInt(it -> Integer.parseInt(it.group(1)))
        .max()
        .orElse(0);
  }

  private static String name(int i) {
    return "node-%04d".formatted(i);
  }

  private static void node(int i) {
    String address = "172.16.%d.%d".formatted(i / PARTS, i % PARTS + 1);
    TestNode.named(name(i))
        .podCidrs("10.%d.%d.0/24".formatted(128 + i / PARTS, i % PARTS))
        .internalIp(address)
        .create(cluster.client());
  }

  private static void within(OperatorProcess operator, String what, ThrowingRunnable assertions) {
    Awaitility.await(what)
        .failFast("the operator ended, see " + operator.log(), () -> !operator.isAlive())
        .atMost(Duration.ofMinutes(5 + NODES / 200))
        .pollInterval(Duration.ofMillis(500))
        .untilAsserted(assertions);
  }

  private static String peak(long pid) throws IOException {
    try (var lines = Files.lines(Path.of("/proc/" + pid + "/status"))) {
      return lines.filter(line -> line.startsWith("VmHWM")).findFirst().orElse("VmHWM unknown");
    }
  }
}
