package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** The FlannelNetwork under test, {@code default}. */
final class Network {
  private Network() {}

  /**
   * Applies the network and waits, as a user would, until it is Ready for this spec.
   *
   * @param backend the spec's backend, such as {@code {type: ipip}}
   */
  static void becomes(String backend) {
    write(backend, "");
    awaitReady();
  }

  /** Applies the network with more lines of its spec. All nodes change at once, to save time. */
  static void write(String backend, String more) {
    apply(backend, "maxUnavailable: 3", more);
  }

  /** Applies the network with the default rollout: nodes change one by one. */
  static void rolls(String backend) {
    rolls(backend, "");
  }

  /** Applies the network with more lines of its spec and the default rollout. */
  static void rolls(String backend, String more) {
    apply(backend, "", more);
  }

  /** Applies the network and allows the rollout to cut traffic. */
  static void rollsDisruptively(String backend) {
    rollsDisruptively(backend, "");
  }

  /** Applies the network with more lines of its spec and allows the rollout to cut traffic. */
  static void rollsDisruptively(String backend, String more) {
    apply(backend, "disruption: Allow", more);
  }

  /** Applies a network of other ranges; all nodes change at once, and may be cut off meanwhile. */
  static void carries(String ranges, String backend) {
    apply(ranges, backend, "maxUnavailable: 100%, disruption: Allow", "");
  }

  private static void apply(String backend, String rollout, String more) {
    apply("cidr: 10.244.0.0/16", backend, rollout, more);
  }

  private static void apply(String ranges, String backend, String rollout, String more) {
    Lab.apply(
        """
        apiVersion: flannel.io/v1alpha1
        kind: FlannelNetwork
        metadata: {name: default}
        spec:
          %s
          backend: %s
          cni: {version: 0.4.0}
          rollout: {%s}
          %s
        """
            .formatted(ranges.indent(2).strip(), backend, rollout, more));
  }

  /** Waits until the status is of the current generation and Ready. */
  static void awaitReady() {
    await("the network to be Ready")
        .atMost(10, MINUTES)
        .pollInterval(1, SECONDS)
        .until(
            () -> {
              JsonNode network = Lab.get("fnet", "default");
              return network.at("/status/observedGeneration").asLong()
                      == network.at("/metadata/generation").asLong()
                  && condition(network, "Ready").path("status").asText().equals("True");
            });
  }

  /** Returns the backend that runs. Empty if there is no FlannelNetwork or none is in force. */
  static Optional<String> runningBackend() {
    Lab.Outcome answer =
        Lab.tryRun("kubectl", "get", "fnet", "default", "-o", "jsonpath={.status.applied.backend}");
    return Optional.of(answer)
        .filter(it -> it.code() == 0 && !it.output().isBlank())
        .map(Lab.Outcome::output);
  }

  /** Whether an agent reports left-overs of an earlier configuration on its node. */
  static boolean hasLeftOvers() {
    for (JsonNode node : Lab.get("fnode").path("items")) {
      for (JsonNode finding : node.at("/status/findings")) {
        if (finding.path("reason").asText().equals("LeftOvers")) {
          return true;
        }
      }
    }
    return false;
  }

  static JsonNode status() {
    return Lab.get("fnet", "default").path("status");
  }

  static void awaitReason(String condition, String reason) {
    await("%s to be %s".formatted(condition, reason))
        .atMost(10, MINUTES)
        .pollInterval(1, SECONDS)
        .until(
            () ->
                condition(Lab.get("fnet", "default"), condition)
                    .path("reason")
                    .asText()
                    .equals(reason));
  }

  static String message(JsonNode network, String condition) {
    return condition(network, condition).path("message").asText();
  }

  static JsonNode condition(JsonNode network, String type) {
    for (JsonNode condition : network.at("/status/conditions")) {
      if (condition.path("type").asText().equals(type)) {
        return condition;
      }
    }
    return network.path("no such condition");
  }
}
