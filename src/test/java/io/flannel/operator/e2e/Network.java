package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;

/** The FlannelNetwork under test, {@code default}. */
final class Network {
  private Network() {}

  /**
   * Applies it and waits, as a user would, until it is Ready for this very spec.
   *
   * @param backend the spec's backend, such as {@code {type: ipip}}
   */
  static void becomes(String backend) {
    write(backend, "");
    awaitReady();
  }

  /** Applies it, with more lines of its spec. All nodes change at once, to save time. */
  static void write(String backend, String more) {
    Lab.apply(
        """
        apiVersion: flannel.io/v1alpha1
        kind: FlannelNetwork
        metadata: {name: default}
        spec:
          cidr: 10.244.0.0/16
          backend: %s
          cni: {version: 0.4.0}
          rollout: {maxUnavailable: 3}
          %s
        """
            .formatted(backend, more));
  }

  /** Waits until the status is of the present generation and Ready. */
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

  static JsonNode status() {
    return Lab.get("fnet", "default").path("status");
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
