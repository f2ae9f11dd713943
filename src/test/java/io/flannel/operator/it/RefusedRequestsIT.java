package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import io.flannel.operator.testing.fakes.FakeTaskPods;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The API server refuses requests other than applies: the status says so, and is still updated. */
class RefusedRequestsIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  private static final String NO_DELETIONS =
      """
      apiVersion: admissionregistration.k8s.io/v1
      kind: ValidatingAdmissionPolicy
      metadata: {name: no-deletions}
      spec:
        matchConstraints:
          resourceRules:
            - {apiGroups: [""], apiVersions: [v1], operations: [DELETE], resources: [pods]}
        matchConditions:
          - {name: operator, expression: "request.userInfo.username == '%s'"}
        validations:
          - {expression: "false", message: "no pod is deleted here"}
      ---
      apiVersion: admissionregistration.k8s.io/v1
      kind: ValidatingAdmissionPolicyBinding
      metadata: {name: no-deletions}
      spec: {policyName: no-deletions, validationActions: [Deny]}
      """
          .formatted(TestCluster.OPERATOR);

  private final FakeTaskPods steps = new FakeTaskPods(cluster.client());

  @AfterEach
  void allowed() {
    var admission = cluster.client().admissionRegistration().v1();
    admission.validatingAdmissionPolicyBindings().withName("no-deletions").delete();
    admission.validatingAdmissionPolicies().withName("no-deletions").delete();
  }

  @Test
  void aPodThatMayNotBeDeletedIsToldAndTheStatusIsWritten() {
    var network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP).awaitReady();
    nodes.agents().find("node-2", "LeftOvers", null);
    eventually("a step", () -> assertThat(steps.running()).hasSize(1));
    cluster
        .client()
        .load(new ByteArrayInputStream(NO_DELETIONS.getBytes(StandardCharsets.UTF_8)))
        .create();
    eventually("the policy is in force", RefusedRequestsIT::isInForce);

    // The task would remove what this change brings, so the operator has to end it first.
    network.apply(TestNetwork.VXLAN);

    eventually(
        "it is told",
        () -> {
          assertThat(network.status().observedGeneration())
              .isEqualTo(network.get().getMetadata().getGeneration());
          assertThat(network.condition("Ready").orElseThrow().message())
              .contains("the API server refused a request", "no pod is deleted here");
        });
    nodes.agents().find("node-1", "IPForwardingOff", null);
    eventually(
        "what else is wrong is told beside",
        () ->
            assertThat(network.status().problems())
                .extracting(problem -> problem.reason())
                .contains("IPForwardingOff"));
    nodes.agents().heal("node-1");
    nodes.agents().heal("node-2");
    allowed();
    steps.endAll();
    network.awaitReady();
    assertThat(operator.process().stackTraces()).isEmpty();
  }

  /** Checks the policy with a dry run as the operator. */
  private static void isInForce() {
    assertThat(
            cluster
                .api()
                .kubectl(
                    "--as=" + TestCluster.OPERATOR,
                    "--namespace=" + TestCluster.SYSTEM,
                    "delete",
                    "pods",
                    "--selector=app=flannel-node-task",
                    "--dry-run=server"))
        .contains("no pod is deleted here");
  }
}
