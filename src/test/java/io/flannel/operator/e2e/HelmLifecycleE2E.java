package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Installs, upgrades, rolls back and uninstalls a release, while pods on every pair of nodes ping
 * each other 50 times a second. None of it touches flannel: its pods, objects, devices and routes
 * stay the same.
 *
 * <p>{@code HelmReleaseIT} tests what happens to the CRDs.
 */
@TestMethodOrder(OrderAnnotation.class)
class HelmLifecycleE2E {
  private static final String RELEASE = "flannel-operator";

  /**
   * The chart of the previous revision; docs/development.md says how to renew it. The lab does not
   * have that revision's image, so the chart runs the current operator and only has to be
   * upgradable.
   */
  private static final String LAST_CHART = "src/test/resources/charts/flannel-operator-last.tgz";

  private static Changes changes;
  private static List<Integer> nodes;
  private static String flannel;
  private static Instant uninstalled;

  @BeforeAll
  static void begin() {
    nodes = Lab.nodes();
    changes = new Changes(nodes);
    InstalledOperator.install();
    Network.becomes("{type: %s}".formatted(Network.runningBackend().orElse("vxlan")));
    Overlay.awaitNothingLeftOver();
    TestPods.restart(nodes);
    TestPods.allReachEachOther(nodes);
    flannel = flannel();
  }

  @AfterAll
  static void write() throws IOException {
    changes.write();
  }

  @Test
  @Order(1)
  void upgradedWithOtherValues() {
    List<String> before = operatorPods();
    under(
        "helm upgrade, other values",
        () ->
            InstalledOperator.install(
                "--set", "replicas=2,logging.json=true,podAnnotations.example\\.org/team=network"));
    assertThat(operatorPods()).doesNotContainAnyElementsOf(before);
    // With two replicas, of which one may be unavailable, `helm --wait` waits for only one.
    await("both replicas")
        .atMost(2, MINUTES)
        .pollInterval(1, SECONDS)
        .until(() -> readyReplicas() == 2);
    Network.awaitReady();
  }

  @Test
  @Order(2)
  void rolledBack() {
    String last = history().getLast();
    under(
        "helm rollback",
        () ->
            Lab.run(
                "helm",
                "rollback",
                RELEASE,
                "--namespace",
                InstalledOperator.NAMESPACE,
                "--wait",
                "--timeout",
                "5m"));
    assertThat(history().getLast()).isNotEqualTo(last).contains("Rollback to");
    assertThat(readyReplicas()).isEqualTo(1);
    Network.awaitReady();
  }

  @Test
  @Order(3)
  void uninstalled() {
    uninstalled = Instant.now();
    under("helm uninstall", InstalledOperator::uninstall);
    assertThat(operatorPods()).isEmpty();
    await("the agents to go with the operator")
        .atMost(2, MINUTES)
        .pollInterval(1, SECONDS)
        .until(
            () ->
                Lab.kubectl(
                        "-n", InstalledOperator.NAMESPACE, "get", "daemonsets,pods", "-o", "name")
                    .isBlank());
    assertThat(Lab.kubectl("get", "fnet", "-o", "name")).isNotBlank();
  }

  @Test
  @Order(4)
  void installedAsTheLastRevisionAndUpgradedToThisOne() {
    under(
        "helm install of the last chart",
        () -> {
          Lab.run(
              "helm",
              "install",
              RELEASE,
              LAST_CHART,
              "--namespace",
              InstalledOperator.NAMESPACE,
              "--create-namespace",
              "--set",
              "image.tag=dev,image.pullPolicy=Never");
          await("the Deployment's pod")
              .atMost(2, MINUTES)
              .pollInterval(1, SECONDS)
              .until(() -> !operatorPods().isEmpty());
        });
    under("helm upgrade from the last chart", InstalledOperator::install);
    Network.awaitReady();
    assertThat(readyReplicas()).isEqualTo(1);
    assertThat(nodes)
        .allSatisfy(
            node ->
                await("node%d's new agent to report".formatted(node))
                    .atMost(3, MINUTES)
                    .pollInterval(1, SECONDS)
                    .until(() -> Instant.parse(agentSince(node)).isAfter(uninstalled)));
  }

  /** Returns the start time of the agent that reported last. */
  private static String agentSince(int node) {
    return Lab.get("fnode", "node" + node).at("/status/agentSince").asText();
  }

  private static void under(String name, Runnable change) {
    changes.under(name, change);
    TestPods.allReachEachOther(nodes);
    assertThat(flannel()).as("flannel after %s", name).isEqualTo(flannel);
  }

  private static List<String> history() {
    return Lab.run("helm", "history", RELEASE, "--namespace", InstalledOperator.NAMESPACE)
        .lines()
        .filter(line -> !line.isBlank())
        .toList();
  }

  private static int readyReplicas() {
    return Lab.get("-n", InstalledOperator.NAMESPACE, "deployment", RELEASE)
        .at("/status/readyReplicas")
        .asInt();
  }

  private static List<String> operatorPods() {
    List<String> uids = new ArrayList<>();
    JsonNode pods =
        Lab.get(
            "-n", InstalledOperator.NAMESPACE, "pods", "-l", "app.kubernetes.io/name=" + RELEASE);
    for (JsonNode pod : pods.path("items")) {
      uids.add(pod.at("/metadata/uid").asText());
    }
    return uids;
  }

  /** Returns flannel's objects and pods, and what it programmed on each node. */
  private static String flannel() {
    StringBuilder all =
        new StringBuilder(
            Lab.kubectl(
                "-n",
                "kube-flannel",
                "get",
                "daemonset,configmap,pods",
                "-o",
                "jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid}"
                    + " {.metadata.generation} {.status.containerStatuses[*].restartCount}"
                    + "{\"\\n\"}{end}"));
    for (int node : nodes) {
      all.append(
          Lab.node(node, "ip -o link | grep -o 'flannel[^:@]*'; ip route show root 10.244.0.0/16"));
    }
    return all.toString();
  }
}
