package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.testing.cli.UserShell;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import io.flannel.operator.testing.hostile.HostileText;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Control characters in what node agents report, or in a Node's annotations, appear nowhere. */
class HostileTextIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  @TempDir Path folder;
  private TestNetwork network;

  @BeforeAll
  static void aDeployment() {
    cluster.deployment();
  }

  @AfterAll
  static void noDeployment() {
    cluster.client().apps().deployments().inNamespace(TestCluster.SYSTEM).delete();
  }

  @BeforeEach
  void install() throws JsonProcessingException {
    network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP).awaitReady();
    hostile();
    eventually(
        "the status has it all",
        () ->
            assertThat(network.status().problems())
                .extracting(problem -> problem.reason())
                .contains("DeviceDown"));
  }

  @Test
  void hostileTextIsInNoSink() throws Exception {
    assertThat(texts(JSON.readTree(Serialization.asJson(network.get().getStatus()))))
        .anyMatch(text -> text.contains("begin?"))
        .noneMatch(text -> text.contains("\n") || HostileText.isIn(text));
    eventually(
        "the Event",
        () ->
            assertThat(network.events())
                .anyMatch(event -> event.startsWith("DeviceDown: ") && event.contains("begin?"))
                .noneMatch(event -> event.contains("\n") || HostileText.isIn(event)));
    assertThat(operator.process().logged()).contains("DeviceDown: ").contains("begin?");
    assertThat(HostileText.isIn(operator.process().logged())).isFalse();
    for (String path :
        List.of(
            "/text/status?network=default",
            "/text/problems?network=default",
            "/text/nodes?network=default&output=wide",
            "/text/path?network=default&from=node-1&to=node-2",
            "/text/path?network=default&from=node-2&to=node-3",
            "/text/bundle",
            "/q/metrics")) {
      var answer = operator.process().get(path);
      assertThat(answer.statusCode()).as(path).isEqualTo(200);
      assertThat(HostileText.isIn(answer.body())).as("%s: %s", path, answer.body()).isFalse();
    }
    assertThat(operator.process().get("/text/problems?network=default").body()).contains("begin?");
    for (String path :
        List.of(
            "/api/networks",
            "/api/networks/default",
            "/api/networks/default/path?from=node-2&to=node-1",
            "/api/networks/%1b%5b%c2%9b%e2%80%ae",
            "/api/%0d%0aforged%e2%80%a8")) {
      assertThat(texts(JSON.readTree(operator.process().get(path).body())))
          .as(path)
          .isNotEmpty()
          .noneMatch(text -> text.contains("\n") || HostileText.isIn(text));
    }
    UserShell alone = UserShell.of(cluster.api());
    UserShell forwarding = alone.forwardingTo(operator.process(), folder);
    for (UserShell shell : List.of(alone, forwarding)) {
      for (String verb : List.of("status", "problems", "nodes", "nodes -o wide")) {
        String said = shell.run("kubectl flannel " + verb).said();
        assertThat(said).isNotBlank();
        assertThat(HostileText.isIn(said)).as("%s: %s", verb, said).isFalse();
      }
    }
  }

  @Test
  void statusWithHostileTextIsNotWrittenTwice() {
    operator.process().awaitPassAfter(() -> network.poke("settled"));
    var mark = cluster.api().audit().mark();
    operator.process().awaitPassAfter(() -> network.poke("hostile"));
    assertThat(cluster.writes(mark)).isEmpty();
  }

  /** Writes hostile text as node-2's agent, as far as the schema allows, and on the Node node-3. */
  private static void hostile() throws JsonProcessingException {
    String admitted =
        HostileText.ALL
            .codePoints()
            .mapToObj(Character::toString)
            .filter(character -> character.matches("[^\\x00-\\x1f\\x7f-\\x9f]"))
            .filter(
                character ->
                    !character.matches(
                        "[\\x{61c}\\x{200e}\\x{200f}\\x{2028}-\\x{202e}\\x{2066}-\\x{2069}]"))
            .collect(Collectors.joining());
    assertThat(HostileText.isIn(admitted)).isTrue();
    String finding =
        JSON.writeValueAsString(
            Map.of(
                "status",
                Map.of("findings", List.of(Map.of("reason", "DeviceDown", "message", admitted)))));
    cluster
        .client()
        .resources(FlannelNode.class)
        .withName("node-2")
        .subresource("status")
        .patch(PatchContext.of(PatchType.JSON_MERGE), finding);
    cluster
        .client()
        .nodes()
        .withName("node-3")
        .edit(
            node -> {
              var annotations = node.getMetadata().getAnnotations();
              for (String key : List.of("backend-type", "backend-data", "backend-v6-data")) {
                annotations.put("flannel.alpha.coreos.com/" + key, HostileText.ALL);
              }
              return node;
            });
  }

  private static List<String> texts(JsonNode json) {
    return leaves(json).toList();
  }

  private static Stream<String> leaves(JsonNode node) {
    return node.isTextual()
        ? Stream.of(node.asText())
        : StreamSupport.stream(node.spliterator(), false).flatMap(HostileTextIT::leaves);
  }
}
