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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code kubectl flannel} with a real port forwarded by a real kubelet, through a fault. */
@ExtendWith(InstalledOperator.class)
class PluginE2E {
  @TempDir Path folder;

  @Test
  void aFaultIsSeenFromItsBeginningToItsEnd() throws Exception {
    Network.becomes("{type: ipip}");
    FaultRun.awaitHealthy();
    says(0, "status").contains("Ready     True", "Running   ipip").doesNotContain("out of date");
    says(0, "nodes").contains("node2", "Healthy");
    // Agents that an upgrade of the operator has just restarted answer their peers a moment later.
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

  /** Waits until it ends with this code and says this. */
  private static AbstractStringAssert<?> awaitSaid(int code, String said, String... words) {
    await("%s to say %s".formatted(String.join(" ", words), said))
        .atMost(3, MINUTES)
        .pollInterval(1, SECONDS)
        .untilAsserted(() -> says(code, words).contains(said));
    return says(code, words);
  }

  /** As a person types it, with kubectl and the plugin in PATH. */
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
