package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Which of our ports can be reached over the network: the probes' and, if enabled, the metrics'.
 */
@ExtendWith(InstalledOperator.class)
@TestMethodOrder(OrderAnnotation.class)
class OpenPortsE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3);
  private static final String READER = "open-ports";

  /** Netid State Recv-Q Send-Q Local:Port Peer:Port users:(("java",pid=1,fd=2)) */
  private static final Pattern SOCKET =
      Pattern.compile(
          "^(\\w+)\\s+\\S+\\s+\\d+\\s+\\d+\\s+(\\S+):(\\d+)\\s+\\S+\\s+users:.*\"(\\w+)\".*");

  /** A listening socket of a process. */
  private record Socket(String protocol, String address, int port, String program) {
    boolean isOpen() {
      return !address.startsWith("127.")
          && !address.contains("[::1]")
          && !address.contains("ffff:127.");
    }

    @Override
    public String toString() {
      return program + " " + protocol + " " + port;
    }
  }

  @AfterAll
  static void asItComesAgain() {
    Lab.tryRun("kubectl", "delete", "clusterrolebinding", READER, "--ignore-not-found");
    InstalledOperator.install();
  }

  @Test
  @Order(1)
  void theProbesPortAlone() {
    Network.becomes("{type: ipip}");
    for (int node : NODES) {
      await("node%d's agent and flanneld".formatted(node))
          .atMost(5, MINUTES)
          .pollInterval(1, SECONDS)
          .untilAsserted(
              () -> {
                assertThat(open(node)).containsExactly("java udp 8473");
                assertThat(sockets(node)).anyMatch(it -> it.program().equals("flanneld"));
              });
    }
    assertThat(NODES).anyMatch(node -> sockets(node).stream().anyMatch(it -> it.port() == 18080));
  }

  @Test
  @Order(2)
  void metricsByTlsForThoseWhoMayReadThem() {
    InstalledOperator.install("--set", "metrics.enabled=true");
    String pod =
        Lab.kubectl(
                "-n",
                InstalledOperator.NAMESPACE,
                "get",
                "pods",
                "-l",
                "app.kubernetes.io/name=flannel-operator",
                "--field-selector=status.phase=Running",
                "-o",
                "jsonpath={.items[0].status.hostIP}")
            .strip();
    String url = "https://" + pod + ":18443/metrics";
    await("the metrics' server")
        .atMost(2, MINUTES)
        .pollInterval(1, SECONDS)
        .untilAsserted(() -> assertThat(get(url)).endsWith(" 401"));

    String token = Lab.kubectl("-n", "default", "create", "token", "default").strip();
    assertThat(get(url, "-H", "Authorization: Bearer " + token)).endsWith(" 403");
    Lab.kubectl(
        "create",
        "clusterrolebinding",
        READER,
        "--clusterrole=flannel-operator-metrics-reader",
        "--serviceaccount=default:default");
    await("the right to read them")
        .atMost(1, MINUTES)
        .pollInterval(1, SECONDS)
        .untilAsserted(
            () ->
                assertThat(get(url, "-H", "Authorization: Bearer " + token))
                    .contains("flannel_reconcile_duration_seconds_count")
                    .endsWith(" 200"));
    assertThat(Lab.inNetwork("curl", "-s", "-m", "5", url.replace("https:", "http:")).code())
        .isNotZero();
  }

  /** Returns the body, followed by a space and the status code. */
  private static String get(String url, String... more) {
    List<String> words =
        new ArrayList<>(List.of("curl", "-s", "-k", "-m", "15", "-w", " %{http_code}"));
    words.addAll(List.of(more));
    words.add(url);
    return Lab.inNetwork(words.toArray(String[]::new)).output();
  }

  private static List<String> open(int node) {
    return sockets(node).stream().filter(Socket::isOpen).map(Socket::toString).toList();
  }

  /** Returns the sockets of the operator, the agent and flanneld. */
  private static List<Socket> sockets(int node) {
    return Lab.node(node, "ss -Hlntup")
        .lines()
        .map(SOCKET::matcher)
        .filter(Matcher::matches)
        .map(it -> new Socket(it.group(1), it.group(2), Integer.parseInt(it.group(3)), it.group(4)))
        .filter(socket -> List.of("java", "flanneld").contains(socket.program()))
        .toList();
  }
}
