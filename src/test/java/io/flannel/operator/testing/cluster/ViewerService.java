package io.flannel.operator.testing.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.flannel.operator.testing.cli.Helm;
import io.flannel.operator.testing.cli.Kubectl;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What the chart creates with {@code viewer.enabled}, in a test's cluster: the Service, the
 * account, the operator's rights and its Deployment's annotation. {@link #leadsTo} writes what
 * kubelet and the endpoints controller would. Register it after its cluster.
 */
public final class ViewerService implements BeforeAllCallback, AfterAllCallback {
  /** The name of the Service and of its ServiceAccount. */
  public static final String NAME = "flannel-operator-viewer";

  private final TestCluster cluster;

  public ViewerService(TestCluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    apply(List.of("viewer.enabled=true"), List.of("deployment", "rbac", "viewer"));
  }

  @Override
  public void afterAll(ExtensionContext context) {
    var client = cluster.client();
    client.apps().deployments().inNamespace(TestCluster.SYSTEM).delete();
    client.services().inNamespace(TestCluster.SYSTEM).withName(NAME).delete();
    client.serviceAccounts().inNamespace(TestCluster.SYSTEM).withName(NAME).delete();
    client.rbac().roles().inNamespace(TestCluster.SYSTEM).withName(NAME).delete();
    client.rbac().clusterRoles().withName(NAME).delete();
    kubectl("", "-n", TestCluster.SYSTEM, "delete", "endpoints", NAME, "--ignore-not-found");
    apply(List.of(), List.of("rbac"));
  }

  /** Returns the operator, listening for the API server on a port of this machine's address. */
  public static OperatorProcess listening(OperatorProcess operator, int port) {
    return operator
        .environment("FLANNEL_VIEWER_HOST", address())
        .environment("FLANNEL_VIEWER_PORT", Integer.toString(port));
  }

  /** Returns an address of this machine that Endpoints may contain: not loopback. */
  public static String address() {
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(it -> it instanceof Inet4Address && !it.isLoopbackAddress())
          .filter(it -> !it.isLinkLocalAddress())
          .map(InetAddress::getHostAddress)
          .findFirst()
          .orElseThrow(
              () ->
                  new IllegalStateException(
                      "This machine has no IPv4 address but loopback: give it one, such as by ip"
                          + " link add dummy0 type dummy"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns a TCP port of that address on which nobody listens. */
  public static int freePort() {
    try (var socket = new ServerSocket(0, 1, InetAddress.getByName(address()))) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Makes the Service lead to operators that listen on this machine's address.
   *
   * @param ports their ports by the names of their pods, which are created
   */
  public void leadsTo(Map<String, Integer> ports) {
    StringBuilder subsets = new StringBuilder();
    ports.forEach(
        (pod, port) -> {
          pod(pod);
          subsets.append(
              """
              - addresses: [{ip: %s, targetRef: {kind: Pod, namespace: %s, name: %s}}]
                ports: [{name: text, port: %d}]
              """
                  .formatted(address(), TestCluster.SYSTEM, pod, port));
        });
    kubectl(
        """
        apiVersion: v1
        kind: Endpoints
        metadata: {name: %s, namespace: %s}
        subsets: %s
        """
            .formatted(NAME, TestCluster.SYSTEM, ports.isEmpty() ? "[]" : "\n" + subsets),
        "apply",
        "-f",
        "-");
  }

  /**
   * Creates a running pod: the API server only connects to running pods, at their own addresses.
   */
  private void pod(String name) {
    kubectl(
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: %s, namespace: %s}
        spec: {hostNetwork: true, containers: [{name: operator, image: none}]}
        """
            .formatted(name, TestCluster.SYSTEM),
        "apply",
        "-f",
        "-");
    kubectl(
        "",
        "-n",
        TestCluster.SYSTEM,
        "patch",
        "pod",
        name,
        "--subresource=status",
        "--type=merge",
        "-p",
        "{\"status\": {\"phase\": \"Running\", \"podIP\": \"%1$s\", \"podIPs\": [{\"ip\": \"%1$s\"}]}}"
            .formatted(address()));
  }

  private void apply(List<String> values, List<String> templates) {
    try (var yaml =
        Helm.template("helm", "flannel-operator", TestCluster.SYSTEM, values, templates)) {
      kubectl(
          new String(yaml.readAllBytes(), UTF_8),
          "apply",
          "--server-side",
          "--force-conflicts",
          "-f",
          "-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void kubectl(String input, String... words) {
    Kubectl.Outcome outcome = new Kubectl(cluster.api()).runReading(input, words);
    if (outcome.code() != 0) {
      throw new IllegalStateException(
          "kubectl %s: %s".formatted(String.join(" ", words), outcome.said()));
    }
  }
}
