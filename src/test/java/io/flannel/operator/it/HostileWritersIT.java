package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.observe.Unread;
import io.flannel.operator.testing.cluster.LaxSchema;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import io.flannel.operator.testing.hostile.HostileJson;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A running operator while agents and others write whatever the API server accepts. */
class HostileWritersIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int SEED = 17;

  private final HostileJson hostile = new HostileJson(SEED);
  private TestNetwork network;

  @BeforeEach
  void install() {
    network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP).awaitReady();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"device\":{\"name\":\"flannel.ipip\",\"mtu\":5000000000}} | status.device.mtu is"
            + " 5000000000",
        "{\"peers\":[{\"name\":\"node-1\",\"rttP99Micros\":3000000000}]} |"
            + " status.peers[0].rttP99Micros is 3000000000",
        "\"nothing\" | status is 'nothing'",
      })
  void aReportThatNoReaderHoldsIsNamedAndTheOthersGoOn(String report, String words)
      throws Exception {
    nodes.agents().leave("node-2");
    try (var lax = LaxSchema.of(cluster, "flannelnodes")) {
      report("node-2", report);
      awaitProblem("ReportInvalid", words, "node-2");
      theOthersCount();
      // A restarted operator copes with it as well.
      operator.process().restart();
      theOthersCount();
      awaitProblem("ReportInvalid", words, "node-2");
      lax.report("node-2", null);
    }
    nothingWentWrong();
  }

  @Test
  void aSpecOfANodeThatSomebodySpoiltIsWrittenAgain() throws Exception {
    var spec = cluster.client().resources(FlannelNode.class).withName("node-2").get().getSpec();
    try (var lax = LaxSchema.of(cluster, "flannelnodes")) {
      LaxSchema.flannelNodes(cluster)
          .withName("node-2")
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              "{\"spec\":{\"backend\":7,\"peers\":\"none\",\"mtu\":\"x\",\"publicIP\":[]}}");
      eventually(
          "it is ours again",
          () -> {
            FlannelNode node =
                cluster.client().resources(FlannelNode.class).withName("node-2").get();
            assertThat(Unread.of(node).in("spec")).isEmpty();
            assertThat(node.getSpec()).isEqualTo(spec);
          });
    }
    nothingWentWrong();
  }

  @Test
  void reportsByTheHundredStopNothing() throws Exception {
    nodes.agents().leave("node-2");
    int taken = reports(150);
    theOthersCount();
    try (var lax = LaxSchema.of(cluster, "flannelnodes")) {
      taken += reports(150);
      theOthersCount();
      lax.report("node-2", null);
    }
    assertThat(taken).as("reports that the API server took").isGreaterThan(100);
    theSpecIsObserved();
    nothingWentWrong();
  }

  /** Writes reports for node-2 and annotations on node-3; returns how many were accepted. */
  private int reports(int count) throws Exception {
    ObjectNode well =
        (ObjectNode)
            JSON.readTree(
                    cluster
                        .api()
                        .kubectl("get", "--raw", "/apis/flannel.io/v1alpha1/flannelnodes/node-1"))
                .get("status");
    int taken = 0;
    for (int i = 0; i < count; i++) {
      JsonNode status = i % 10 == 0 ? hostile.any(4) : hostile.mutated(well, 4);
      taken += report("node-2", status.toString()) ? 1 : 0;
      if (i % 5 == 0) {
        annotate("node-3");
      }
    }
    return taken;
  }

  private boolean report(String node, String status) {
    try {
      LaxSchema.flannelNodes(cluster)
          .withName(node)
          .subresource("status")
          .patch(
              PatchContext.of(PatchType.JSON),
              "[{\"op\":\"add\",\"path\":\"/status\",\"value\":%s}]".formatted(status));
      return true;
    } catch (KubernetesClientException e) {
      assertThat(e.getCode()).as(e.getMessage()).isIn(400, 404, 409, 422);
      return false;
    }
  }

  private void annotate(String node) {
    List<String> keys = List.of("backend-type", "backend-data", "public-ip", "public-ipv6");
    String key = "flannel.alpha.coreos.com/" + keys.get(hostile.text().length() % keys.size());
    try {
      cluster
          .client()
          .nodes()
          .withName(node)
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              cluster
                  .client()
                  .getKubernetesSerialization()
                  .asJson(Map.of("metadata", Map.of("annotations", Map.of(key, hostile.text())))));
    } catch (KubernetesClientException e) {
      assertThat(e.getCode()).as(e.getMessage()).isIn(400, 422);
    }
  }

  /** Asserts that another node's fault appears in the status and disappears again. */
  private void theOthersCount() {
    nodes.agents().find("node-1", "IPForwardingOff", null);
    awaitProblem("IPForwardingOff", "", "node-1");
    nodes.agents().heal("node-1");
    eventually(
        "it is gone",
        () -> assertThat(problems()).extracting(Problem::reason).doesNotContain("IPForwardingOff"));
  }

  private void theSpecIsObserved() {
    network.apply(TestNetwork.IPIP + "paused: true");
    eventually(
        "the spec is observed",
        () ->
            assertThat(network.status().observedGeneration())
                .isEqualTo(network.get().getMetadata().getGeneration()));
  }

  private List<Problem> problems() {
    return Objects.requireNonNullElse(network.status().problems(), List.of());
  }

  private void awaitProblem(String reason, String words, String node) {
    eventually(
        reason + " " + words,
        () ->
            assertThat(problems())
                .filteredOn(problem -> problem.reason().equals(reason))
                .singleElement()
                .satisfies(
                    problem -> {
                      assertThat(problem.message()).contains(words);
                      assertThat(problem.nodes())
                          .asInstanceOf(InstanceOfAssertFactories.LIST)
                          .containsExactly(node);
                    }));
  }

  private static void nothingWentWrong() throws Exception {
    assertThat(operator.process().stackTraces()).isEmpty();
    assertThat(operator.process().logged())
        .doesNotContain("a fault of this operator", "will stop", "could not be judged");
    assertThat(operator.process().get("/q/health/live").statusCode()).isEqualTo(200);
    assertThat(operator.process().get("/q/health/ready").statusCode()).isEqualTo(200);
    assertThat(operator.process().get("/api/networks/default").statusCode()).isEqualTo(200);
  }
}
