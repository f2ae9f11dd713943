package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kubectl flannel} during a fault, with a port forwarded by a real kubelet; and through the
 * API server's Service proxy for users who may not forward ports.
 */
@ExtendWith(InstalledOperator.class)
class PluginE2E {
  private static final String VIEWER = "system:serviceaccount:default:plugin-viewer";

  @TempDir Path folder;

  @AfterAll
  static void asItComesAgain() {
    for (String binding : List.of("clusterrolebinding", "rolebinding")) {
      Lab.tryRun(
          "kubectl",
          "-n",
          InstalledOperator.NAMESPACE,
          "delete",
          binding,
          "plugin-viewer",
          "--ignore-not-found");
    }
    InstalledOperator.install();
  }

  @Test
  void aFaultIsSeenFromItsBeginningToItsEnd() throws Exception {
    Network.becomes("{type: ipip}");
    FaultRun.awaitHealthy();
    says(0, "status").contains("Ready     True", "Running   ipip").doesNotContain("out of date");
    says(0, "nodes").contains("node2", "Healthy");
    // Agents that an operator upgrade has just restarted take a moment to answer their peers.
    awaitSaid(0, "through flannel.ipip", "path", "node1", "node2")
        .contains("between the nodes", "IPv4 192.168.0.81 → 192.168.0.82, protocol 4");
    says(2, "path", "node1", "node9").contains("node9 is no node of network default");

    Lab.run("fault", "link-down", "2");
    try {
      awaitSaid(1, "DeviceDown\n  Nodes  node2\n", "problems");
      says(1, "status").contains("DeviceDown: node2");
      says(1, "path", "node2", "node1").contains("BROKEN", "DeviceDown", "  Do    ");
      bundle();
    } finally {
      Lab.run("heal", "link-down", "2");
    }
    awaitSaid(0, "Problems  none", "status");
  }

  /** With only the chart's roles for the plugin, bound as docs/kubectl-flannel.md says. */
  @Test
  void userWhoMayNotForwardAPortIsToldTheSame() throws IOException {
    Network.becomes("{type: ipip}");
    InstalledOperator.install("--set", "viewer.enabled=true");
    Lab.kubectl(
        "create",
        "clusterrolebinding",
        "plugin-viewer",
        "--clusterrole=flannel-operator-viewer",
        "--serviceaccount=default:plugin-viewer");
    Lab.kubectl(
        "-n",
        InstalledOperator.NAMESPACE,
        "create",
        "rolebinding",
        "plugin-viewer",
        "--role=flannel-operator-viewer",
        "--serviceaccount=default:plugin-viewer");
    awaitSaid(0, "Ready     True for ", "status", "--as", VIEWER);
    says(0, "nodes", "--as", VIEWER).contains("node2", "Healthy");
    says(0, "path", "node1", "node2", "--as", VIEWER).contains("between the nodes");
    Path archive = folder.resolve("bundle.tar.gz");
    says(0, "bundle", archive.toString(), "--as", VIEWER);
    assertThat(Lab.inNetwork("tar", "-xzOf", archive.toString()).output())
        .contains("== status of default");
    // The kubelet's health port, which listens on the loopback of the operator's node.
    Lab.Outcome forward =
        Lab.tryRun(
            "kubectl",
            "--as",
            VIEWER,
            "-n",
            InstalledOperator.NAMESPACE,
            "port-forward",
            "deployment/flannel-operator",
            ":10248");
    assertThat(forward.code()).isNotZero();
    assertThat(forward.output()).contains("forbidden", "pods/portforward");
  }

  private void bundle() throws IOException {
    Path archive = folder.resolve("bundle.tar.gz");
    says(0, "bundle", archive.toString()).contains(archive.toString());
    assertThat(Lab.inNetwork("tar", "-xzf", archive.toString(), "-C", folder.toString()).code())
        .isZero();
    List<Path> files;
    try (var all = Files.walk(folder)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    assertThat(text(files, "operator.txt")).contains("DeviceDown: node2");
    assertThat(text(files, "flannelnodes.yaml")).contains("reason: DeviceDown");
    assertThat(text(files, "nodes.txt")).contains("InternalIP=192.168.0.82");
    assertThat(text(files, "pods.yaml")).contains("name: flannel-node-agent-");
    assertThat(text(files, "flannel-operator.flannel-operator-")).contains("INFO");
    assertThat(text(files, "kube-flannel.kube-flannel-ds-")).contains("flannel.ipip");
    assertThat(files)
        .extracting(file -> file.getFileName().toString())
        .doesNotContain("errors.txt");
  }

  private static String text(List<Path> files, String beginning) throws IOException {
    for (Path file : files) {
      if (file.getFileName().toString().startsWith(beginning)) {
        return Files.readString(file);
      }
    }
    throw new AssertionError("no file begins with " + beginning + ": " + files);
  }

  private static AbstractStringAssert<?> says(int code, String... words) {
    Lab.Outcome outcome = plugin(words);
    assertThat(outcome.code()).as(outcome.output()).isEqualTo(code);
    return assertThat(outcome.output());
  }

  /** Waits until the plugin exits with this code and prints this. */
  private static AbstractStringAssert<?> awaitSaid(int code, String said, String... words) {
    await("%s to say %s".formatted(String.join(" ", words), said))
        .atMost(3, MINUTES)
        .pollInterval(1, SECONDS)
        .untilAsserted(() -> says(code, words).contains(said));
    return says(code, words);
  }

  /** Runs the plugin as a user would, with kubectl and the plugin in PATH. */
  private static Lab.Outcome plugin(String... words) {
    Path kubectl = Path.of(Lab.run("bin", "kubectl").strip()).getParent();
    List<String> command =
        new ArrayList<>(
            List.of(
                "env",
                "PATH=%s:%s:%s"
                    .formatted(
                        Path.of("kubectl-plugin").toAbsolutePath(), kubectl, System.getenv("PATH")),
                "kubectl",
                "flannel"));
    command.addAll(List.of(words));
    return Lab.inNetwork(command.toArray(String[]::new));
  }
}
