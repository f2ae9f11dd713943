package io.flannel.operator.web;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the packaged operator sends to the page about a network. */
class PageIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  private TestNetwork network;

  @BeforeEach
  void install() {
    network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP).awaitReady();
  }

  @Test
  void theNetworkAsTheObjectHasItItsNodesAndTheirMesh() throws IOException {
    JsonNode listed = json("/api/networks");
    assertThat(listed.at("/operator/instance").asText()).isEqualTo("operator-1");
    assertThat(listed.at("/operator/leader").asText()).isEqualTo("operator-1");
    assertThat(listed.at("/operator/version").asText()).startsWith("0.");
    assertThat(listed.path("networks")).extracting(JsonNode::asText).containsExactly("default");

    eventually(
        "the status, as the API server has it",
        () -> {
          JsonNode shown = json("/api/networks/default");
          JsonNode object = JSON.readTree(JSON.writeValueAsString(network.get()));
          assertThat(shown.path("generation")).isEqualTo(object.at("/metadata/generation"));
          assertThat(shown.path("spec")).isEqualTo(object.path("spec"));
          assertThat(shown.path("nodes")).isEqualTo(object.at("/status/nodes"));
          assertThat(shown.at("/status/conditions")).isEqualTo(object.at("/status/conditions"));
          assertThat(shown.path("status").has("nodes")).isFalse();
          assertThat(shown.at("/mesh/nodes").toString())
              .isEqualTo("[\"node-1\",\"node-2\",\"node-3\"]");
          assertThat(shown.at("/mesh/probes"))
              .extracting(JsonNode::toString)
              .containsExactlyInAnyOrder(
                  "[0,1,\"passes\",0,400]",
                  "[0,2,\"passes\",0,400]",
                  "[1,0,\"passes\",0,400]",
                  "[1,2,\"passes\",0,400]",
                  "[2,0,\"passes\",0,400]",
                  "[2,1,\"passes\",0,400]");
        });
  }

  @Test
  void thePathOfAPacketAndWhereItBreaks() throws IOException {
    String path = "/api/networks/default/path?from=node-1&to=node-2";
    eventually(
        "packets pass", () -> assertThat(json(path).path("works").asBoolean(false)).isTrue());
    assertThat(json(path).path("hops"))
        .extracting(hop -> hop.path("kind").asText() + " " + hop.path("title").asText())
        .containsExactly(
            "pod a pod on node-1",
            "bridge cni0",
            "route route",
            "tunnel flannel.ipip",
            "nic eth0",
            "wire 192.168.0.1 → 192.168.0.2",
            "nic eth0",
            "tunnel flannel.ipip",
            "bridge cni0",
            "pod a pod on node-2");
    assertThat(json(path).at("/hops/2/detail").asText())
        .isEqualTo("10.244.2.0/24 via 192.168.0.2 dev flannel.ipip onlink");
    assertThat(json(path).at("/hops/4/address").asText()).isEqualTo("192.168.0.1/24");

    nodes.agents().find("node-2", "DeviceDown", null);
    eventually(
        "broken at node-2's device",
        () -> {
          JsonNode broken = json(path);
          assertThat(broken.path("works")).isEqualTo(JSON.valueToTree(false));
          assertThat(broken.path("reason").asText()).isEqualTo("DeviceDown");
          assertThat(broken.at("/hops/7/state").asText()).isEqualTo("broken");
          assertThat(broken.at("/hops/7/note").asText()).isEqualTo("seen by a test");
        });
  }

  @Test
  void changesAreEvents() throws Exception {
    try (Socket socket = send("/api/networks/default/events", "localhost")) {
      var events = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
      await(events, Map.of("event: network", "\"name\":\"default\"", "event: mesh", "\"passes\""));
      nodes.agents().lose("node-3");
      await(
          events,
          Map.of("event: network", "\"EncapsulationBlocked\"", "event: mesh", "\"overlayLost\""));
      network.delete();
      await(events, Map.of("event: gone", "{}"));
    }
  }

  @Test
  void anotherHostsNameIsRefusedAndEverythingHasAPolicy() throws IOException {
    try (Socket socket = send("/api/networks", "evil.example")) {
      assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
          .startsWith("HTTP/1.1 403")
          .doesNotContain("\"default\"");
    }
    var answer = operator.process().get("/api/networks/none");
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(JSON.readTree(answer.body()).path("error").asText())
        .contains("there is no FlannelNetwork none");
    assertThat(answer.headers().firstValue("Content-Security-Policy").orElseThrow())
        .startsWith("default-src 'none'");
    // Kubelets and Prometheus request health and metrics under other host names.
    assertThat(operator.process().get("/q/health/live").statusCode()).isEqualTo(200);
  }

  @Test
  void aReplicaThatStandsBySaysWhoActs() throws IOException {
    try (OperatorProcess second =
        cluster.operator().environment("POD_NAME", "operator-2").start().awaitReady()) {
      JsonNode listed = JSON.readTree(second.get("/api/networks").body());
      assertThat(listed.at("/operator/instance").asText()).isEqualTo("operator-2");
      assertThat(listed.at("/operator/leader").asText()).isEqualTo("operator-1");
      assertThat(listed.path("networks")).isEmpty();
      var refused = second.get("/api/networks/default");
      assertThat(refused.statusCode()).isEqualTo(503);
      assertThat(refused.body()).contains("forward the port to the pod operator-1");
      assertThat(second.stackTraces()).isEmpty();
    }
  }

  private static JsonNode json(String path) throws IOException {
    var answer = operator.process().get(path);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  /**
   * Reads on until an event of each of these names contains its text, in any order: a status and a
   * mesh that change between two polls are sent together.
   */
  private static void await(BufferedReader events, Map<String, String> wanted) throws IOException {
    Map<String, String> missing = new HashMap<>(wanted);
    String line = events.readLine();
    while (line != null && !missing.isEmpty()) {
      String words = missing.get(line);
      String name = line;
      line = events.readLine();
      if (words != null && line != null && line.contains(words)) {
        missing.remove(name);
      }
    }
    assertThat(missing).as("events that the stream ended without").isEmpty();
  }

  private static Socket send(String path, String host) throws IOException {
    URI url = URI.create(operator.process().url());
    Socket socket = new Socket(InetAddress.getByName(url.getHost()), url.getPort());
    socket
        .getOutputStream()
        .write(
            "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                .formatted(path, host)
                .getBytes(UTF_8));
    return socket;
  }
}
