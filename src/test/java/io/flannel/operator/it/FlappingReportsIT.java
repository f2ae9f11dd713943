package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.bench.ProcessCpu;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * An agent whose reports flap as fast as it can write them causes a bounded number of
 * reconciliations and Events, and does not delay other nodes' verdicts.
 */
class FlappingReportsIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String HOSTILE = "node-1";
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 4);

  private TestNetwork network;

  @BeforeEach
  void install() {
    network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP).awaitReady();
  }

  /** It is reported once, not each time; and a single report with impossible values is ignored. */
  @Test
  void impossibleAndGoodReportsInTurnAreNamedOnce() {
    long good = fnode().getMetadata().getGeneration();
    report("{\"status\":{\"observedGeneration\":999999}}");
    report("{\"status\":{\"observedGeneration\":%d}}".formatted(good));
    operator.process().awaitPassAfter(() -> network.poke("one"));
    assertThat(network.eventReasons()).doesNotContain("ReportInvalid");

    try (var agent =
        new Writer(
            List.of(
                "{\"status\":{\"observedGeneration\":999999}}",
                "{\"status\":{\"observedGeneration\":%d}}".formatted(good)))) {
      eventually(
          "named", () -> assertThat(network.eventReasons()).contains("ReportInvalid", "NotReady"));
      long until = agent.written + 200;
      eventually("200 more reports", () -> assertThat(agent.written).isGreaterThan(until));
    }
    report("{\"status\":{\"observedGeneration\":%d}}".formatted(good));
    network.awaitReady();
    assertThat(network.eventReasons())
        .containsOnlyOnce("ReportInvalid", "NotReady", "ProblemSolved");
  }

  @Test
  @Tag("slow")
  void aMinuteOfItDelaysNobodyElsesVerdict() throws Exception {
    ProcessCpu before = ProcessCpu.of(operator.process().pid());
    double passes = operator.process().passes();
    int events = network.events().size();
    long began = System.nanoTime();
    List<Double> verdicts = new ArrayList<>();
    try (var agent = new Writer(payloads())) {
      while (System.nanoTime() - began < MINUTE.toNanos()) {
        verdicts.add(
            seconds(
                () -> nodes.agents().find("node-3", "IPForwardingOff", null),
                () -> assertThat(reasonOf("node-3")).isEqualTo("IPForwardingOff")));
        seconds(() -> nodes.agents().heal("node-3"), () -> assertThat(reasonOf("node-3")).isNull());
      }
      assertThat(agent.written).as("reports").isGreaterThan(500);
    }
    double took = (System.nanoTime() - began) / 1e9;
    double cores = ProcessCpu.of(operator.process().pid()).secondsSince(before) / took;
    double passesASecond = (operator.process().passes() - passes) / took;
    int told = network.events().size() - events;

    System.out.printf(
        "reports that flap for %.0f s: %.2f cores, %.1f passes a second, %d Events, verdicts %s%n",
        took, cores, passesASecond, told, verdicts);
    assertThat(verdicts).as("seconds to a verdict").hasSizeGreaterThan(2).allMatch(it -> it < 10);
    assertThat(cores).isLessThan(0.5);
    assertThat(passesASecond).as("40 at once, then 5 a second").isLessThan(6);
    assertThat(told * 60 / took).isLessThan(120);
  }

  private String reasonOf(String name) {
    return network.status().nodes().stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow()
        .reason();
  }

  private static double seconds(Runnable cause, org.awaitility.core.ThrowingRunnable effect) {
    long began = System.nanoTime();
    cause.run();
    eventually("the effect", effect);
    return (System.nanoTime() - began) / 1e9;
  }

  /**
   * Good reports, impossible ones and ones with changing findings; HostileAgentIT has large ones.
   */
  private static List<String> payloads() throws JsonProcessingException {
    long generation = fnode().getMetadata().getGeneration();
    return List.of(
        status("observedGeneration", generation, "findings", List.of()),
        status("observedGeneration", 999_999),
        status("observedGeneration", generation, "findings", findings("DeviceDown")),
        status("findings", findings("IPForwardingOff")),
        status("findings", findings("NoSuchReason")),
        status("findings", List.of(), "agentVersion", "1"));
  }

  private static List<Map<String, Object>> findings(String reason) {
    return List.of(Map.of("reason", reason, "message", "seen by a test"));
  }

  private static String status(Object... fields) throws JsonProcessingException {
    Map<String, Object> status = new LinkedHashMap<>();
    for (int i = 0; i < fields.length; i += 2) {
      status.put((String) fields[i], fields[i + 1]);
    }
    return JSON.writeValueAsString(Map.of("status", status));
  }

  private static FlannelNode fnode() {
    return cluster.client().resources(FlannelNode.class).withName(HOSTILE).get();
  }

  private static void report(String patch) {
    cluster
        .client()
        .resources(FlannelNode.class)
        .withName(HOSTILE)
        .subresource("status")
        .patch(PatchContext.of(PatchType.JSON_MERGE), patch);
  }

  /** Writes one payload after another, as fast as the API server accepts or refuses them. */
  private static final class Writer implements AutoCloseable {
    private final Thread thread;
    private volatile boolean ends;
    private volatile long written;

    Writer(List<String> payloads) {
      thread =
          Thread.ofPlatform()
              .name("hostile-agent")
              .start(
                  () -> {
                    for (int i = 0; !ends; i++) {
                      try {
                        report(payloads.get(i % payloads.size()));
                      } catch (KubernetesClientException refused) {
                        // Refused by the CRD's schema.
                      }
                      written = i;
                    }
                  });
    }

    @Override
    public void close() {
      ends = true;
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
