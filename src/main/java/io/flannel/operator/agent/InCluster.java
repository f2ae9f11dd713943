package io.flannel.operator.agent;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;

/**
 * The API server's address and the pod's credentials, as kubelet gives them to every pod with a
 * ServiceAccount.
 *
 * @param server the API server's URL
 * @param serviceAccount the directory of {@code token} and {@code ca.crt}, both of which kubelet
 *     rotates
 */
record InCluster(URI server, Path serviceAccount) {
  private static final String DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

  /**
   * Reads the process's environment; {@code SERVICE_ACCOUNT_DIR} overrides the directory.
   *
   * @throws IllegalStateException with what is missing
   */
  static InCluster of(Map<String, String> environment) {
    String host = environment.get("KUBERNETES_SERVICE_HOST");
    String port = environment.get("KUBERNETES_SERVICE_PORT");
    if (host == null || host.isBlank() || port == null || port.isBlank()) {
      throw new IllegalStateException(
          "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: the agent runs in a pod,"
              + " where kubelet sets them");
    }
    String literal = host.contains(":") ? "[" + host + "]" : host;
    try {
      return new InCluster(
          URI.create("https://%s:%s".formatted(literal, port)),
          Path.of(environment.getOrDefault("SERVICE_ACCOUNT_DIR", DIRECTORY)));
    } catch (IllegalArgumentException e) {
      throw new IllegalStateException(
          "KUBERNETES_SERVICE_HOST '%s' and KUBERNETES_SERVICE_PORT '%s' make no URL"
              .formatted(host, port),
          e);
    }
  }
}
