package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** flannel's pods in the cluster and its devices on the nodes, and how they change. */
final class Overlay {
  private Overlay() {}

  /**
   * Changes the backend, and waits until the rollout is complete and nothing of the old one is
   * left.
   */
  static void change(String backend) {
    Network.rolls(backend);
    awaitChanged();
  }

  /** Waits until a change is complete and nothing of the previous state is left. */
  static void awaitChanged() {
    Network.awaitReady();
    awaitNothingLeftOver();
  }

  /**
   * Begins a change and waits until the first node has changed.
   *
   * @param change writes the FlannelNetwork
   */
  static void begin(Runnable change) {
    List<String> before = pods();
    change.run();
    await("the first node to change")
        .atMost(5, MINUTES)
        .pollInterval(500, MILLISECONDS)
        .until(() -> pods().stream().anyMatch(pod -> !before.contains(pod)));
  }

  static void awaitNothingLeftOver() {
    await("nothing left over")
        .atMost(5, MINUTES)
        .pollInterval(1, SECONDS)
        .untilAsserted(
            () -> {
              assertThat(Network.hasLeftOvers()).isFalse();
              for (int node : Lab.nodes()) {
                assertThat(Lab.node(node, "ip route show metric 4096")).isBlank();
              }
            });
  }

  /** Returns the distinct names of flannel's devices on all nodes. */
  static List<String> devices() {
    return Lab.nodes().stream()
        .flatMap(node -> stream(Lab.nodeJson(node, "ip -j link")))
        .map(link -> link.path("ifname").asText())
        .filter(name -> name.startsWith("flannel"))
        .distinct()
        .toList();
  }

  /** Returns the names of flannel's pods. */
  static List<String> pods() {
    return stream(Lab.get("pods", "-n", "kube-flannel", "-l", "app=flannel").path("items"))
        .map(pod -> pod.at("/metadata/name").asText())
        .toList();
  }

  private static Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }
}
