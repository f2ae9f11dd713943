package io.flannel.operator.agent;

import java.net.URI;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where the API server is and how a pod shows who it is: what kubelet gives every pod that has a
 * ServiceAccount.
 *
 * @param server the API server
 * @param serviceAccount the directory of {@code token} and {@code ca.crt}, both of which kubelet
 *     renews now and then
 */
record InCluster(URI server, Path serviceAccount) {
  private static final String DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount";

  /**
   * From the process' environment; {@code SERVICE_ACCOUNT_DIR} names another directory.
   *
   * @throws IllegalStateException says what is missing
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
