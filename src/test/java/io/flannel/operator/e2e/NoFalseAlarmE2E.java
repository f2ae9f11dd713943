package io.flannel.operator.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A busy cluster is not a broken one: all cores of the machine, which the nodes share, are under
 * load, pods are created and deleted all the time, and not one verdict changes.
 */
@ExtendWith(InstalledOperator.class)
@Tag("soak")
class NoFalseAlarmE2E {
  private static final Duration TIME =
      Duration.ofMinutes(Integer.getInteger("e2e.soak.minutes", 10));

  @Test
  void noVerdictChanges() {
    Network.becomes("{type: ipip}");
    TestPods.start(List.of(1, 2, 3));
    FaultRun.awaitHealthy();
    Set<String> before = verdicts();
    Set<String> seen = new TreeSet<>();
    int rounds = 0;
    try (Load load = new Load(Runtime.getRuntime().availableProcessors())) {
      long end = System.nanoTime() + TIME.toNanos();
      while (System.nanoTime() - end < 0) {
        churn(rounds++);
        seen.addAll(verdicts());
      }
    }
    System.out.printf("%d rounds of pods under load in %s%n", rounds, TIME);
    assertThat(seen).isEqualTo(before);
    assertThat(rounds).isGreaterThan(1);
  }

  /** Creates and deletes a pod on each node. */
  private static void churn(int round) {
    StringBuilder pods = new StringBuilder();
    for (int node = 1; node <= 3; node++) {
      pods.append(
          """
          ---
          apiVersion: v1
          kind: Pod
          metadata: {name: churn-%d, labels: {app: churn}}
          spec:
            nodeName: node%d
            terminationGracePeriodSeconds: 0
            containers:
            - {name: box, image: "docker.io/library/busybox:lab", imagePullPolicy: Never, command: [sleep, "600"]}
          """
              .formatted(node, node));
    }
    Lab.apply(pods.toString());
    Lab.kubectl("wait", "--for=condition=Ready", "pod", "-l", "app=churn", "--timeout=5m");
    Lab.kubectl("delete", "pod", "-l", "app=churn", "--wait=true");
  }

  /**
   * Returns all that the status and Events say about tunnels, with the time of the last transition.
   */
  private static Set<String> verdicts() {
    JsonNode network = Lab.get("fnet", "default");
    Set<String> verdicts = new TreeSet<>();
    JsonNode healthy = Network.condition(network, "TunnelsHealthy");
    verdicts.add(
        "TunnelsHealthy %s since %s"
            .formatted(
                healthy.path("status").asText(), healthy.path("lastTransitionTime").asText()));
    for (JsonNode node : network.at("/status/nodes")) {
      verdicts.add(node.path("name").asText() + " " + node.path("tunnel").asText());
    }
    for (JsonNode problem : network.at("/status/problems")) {
      verdicts.add(problem.path("message").asText());
    }
    for (JsonNode event :
        Lab.get("events", "--field-selector", "involvedObject.kind=FlannelNetwork").path("items")) {
      verdicts.add(event.path("metadata").path("name").asText());
    }
    return verdicts;
  }

  /** Threads that only consume CPU. */
  private static final class Load implements AutoCloseable {
    private final AtomicBoolean over = new AtomicBoolean();
    private final ExecutorService threads;

    Load(int cores) {
      threads = Executors.newFixedThreadPool(cores);
      for (int i = 0; i < cores; i++) {
        threads.execute(
            () -> {
              while (!over.get()) {
                Thread.onSpinWait();
              }
            });
      }
    }

    @Override
    public void close() {
      over.set(true);
      threads.close();
    }
  }
}
