package io.flannel.operator.it;

import static io.flannel.operator.api.FlannelNodeSpecBuilder.nodeSpec;
import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.testing.cluster.AgentToken;
import io.flannel.operator.testing.cluster.TestCluster;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What a node agent's token allows, given the chart's RBAC and ValidatingAdmissionPolicy: writing
 * the status of its own node's FlannelNode, and nothing else.
 */
class AgentRightsIT {
  private static final String REPORT =
      """
      {"status": {"observedGeneration": 1, "reportedAt": "2026-11-23T10:00:00Z"}}
      """;

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @BeforeEach
  void twoNodes() {
    cluster.nodes(2);
    for (String name : List.of("node-1", "node-2")) {
      FlannelNode node = new FlannelNode();
      node.setMetadata(new ObjectMetaBuilder().withName(name).build());
      node.setSpec(nodeSpec(BackendType.IPIP).device("flannel.ipip").cidr("10.244.0.0/16").get());
      cluster.client().resource(node).create();
    }
  }

  @Test
  void itsOwnNodesStatusAndNoOthers() {
    try (var agent = AgentToken.of(cluster, "node-1").client()) {
      // A new policy takes a moment to come into force.
      eventually(
          "the other node's is refused",
          () -> refused(() -> report(agent, "node-2"), "of its own node only"));
      report(agent, "node-1");
      assertThat(statusOf("node-1")).isEqualTo("2026-11-23T10:00:00Z");
      assertThat(statusOf("node-2")).isNull();
    }
  }

  @Test
  void noSpecAndNoObject() {
    try (var agent = AgentToken.of(cluster, "node-1").client()) {
      FlannelNode own = agent.resources(FlannelNode.class).withName("node-1").get();
      assertThat(own.getSpec().device()).isEqualTo("flannel.ipip");
      refused(
          () ->
              agent
                  .resources(FlannelNode.class)
                  .withName("node-1")
                  .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"spec\": {\"device\": \"lo\"}}"),
          "cannot patch resource \"flannelnodes\"");
      refused(
          () -> agent.resources(FlannelNode.class).withName("node-1").delete(), "cannot delete");
      refused(() -> agent.pods().inNamespace("kube-system").list(), "cannot list");
      refused(() -> agent.secrets().inNamespace(TestCluster.SYSTEM).list(), "cannot list");
      refused(
          () -> agent.secrets().inNamespace(TestCluster.SYSTEM).withName("flannel-probe-key").get(),
          "cannot get");
      refused(() -> agent.nodes().withName("node-1").get(), "cannot get");
    }
  }

  @Test
  void aTokenOfNoPodWritesNothing() {
    String token =
        cluster
            .client()
            .serviceAccounts()
            .inNamespace(TestCluster.SYSTEM)
            .withName("flannel-node-agent")
            .tokenRequest(new TokenRequestBuilder().withNewSpec().endSpec().build())
            .getStatus()
            .getToken();
    try (var thief = new AgentToken(cluster, token).client()) {
      eventually("refused", () -> refused(() -> report(thief, "node-1"), "of its own node only"));
      assertThat(statusOf("node-1")).isNull();
    }
  }

  private static void refused(ThrowingCallable request, String why) {
    assertThatThrownBy(request)
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining(why)
        .extracting(e -> ((KubernetesClientException) e).getCode())
        .isEqualTo(403);
  }

  private static void report(KubernetesClient agent, String node) {
    agent
        .resources(FlannelNode.class)
        .withName(node)
        .subresource("status")
        .patch(PatchContext.of(PatchType.JSON_MERGE), REPORT);
  }

  private static String statusOf(String node) {
    var status = cluster.client().resources(FlannelNode.class).withName(node).get().getStatus();
    return status == null ? null : status.reportedAt();
  }
}
