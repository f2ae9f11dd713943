package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeSpec.Peer;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.apiserver.TestNode;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import java.io.ByteArrayInputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The operator owns FlannelNodes: it restores what others edit with one write, and an object that
 * the API server refuses does not stop anything else.
 */
class FlannelNodesIT {
  private static final String POLICY = "flannelnodes-refused";

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  private final TestNetwork network = TestNetwork.of(cluster, "default");

  @BeforeEach
  void nodes() {
    cluster.nodes(3);
  }

  @AfterEach
  void allow() {
    cluster.client().load(policy("true", "CREATE")).delete();
  }

  @Test
  void editedSpecIsBroughtBackWholeByOneWrite() {
    install();
    FlannelNode before = node("node-1");
    Map<String, Consumer<ObjectNode>> edits = new LinkedHashMap<>();
    edits.put("a peer more", spec -> spec.withArray("peers").add(stranger()));
    edits.put("a peer less", spec -> spec.withArray("peers").remove(0));
    edits.put("no peers", spec -> spec.remove("peers"));
    edits.put("an optional field more", spec -> spec.put("mtu", 1280));
    edits.put("another device", spec -> spec.put("device", "eth0"));
    edits.put("an optional field less", spec -> spec.remove("probe"));
    edits.forEach((what, edit) -> broughtBack(what, before, () -> edit(edit)));
  }

  @Test
  void specIsBroughtBackByOneWriteWhoeverOwnsTheFields() {
    install();
    FlannelNode before = node("node-1");
    broughtBack(
        "without managed fields",
        before,
        () -> {
          merge("{\"metadata\": {\"managedFields\": [{}]}}");
          edit(spec -> spec.withArray("peers").add(stranger()));
        });
    broughtBack(
        "applied by another manager",
        before,
        () ->
            cluster
                .client()
                .resource(
                    Serialization.unmarshal(
                        """
                        apiVersion: flannel.io/v1alpha1
                        kind: FlannelNode
                        metadata: {name: node-1}
                        spec:
                          network: default
                          backend: vxlan
                          mtu: 1280
                          peers: [{name: stranger, address: 192.168.0.99}]
                        """,
                        GenericKubernetesResource.class))
                .fieldManager("stranger")
                .forceConflicts()
                .serverSideApply());
  }

  @Test
  void metadataOfOthersStaysAndOursComesBack() {
    install();
    FlannelNode before = node("node-1");
    var mark = cluster.api().audit().mark();
    merge(
        """
        {"metadata": {"labels": {"team": "a"}, "annotations": {"note": "b"}}}
        """);
    operator.process().awaitPassAfter(() -> network.poke("labelled"));
    assertThat(patches(mark)).isEmpty();

    merge(
        "{\"metadata\": {\"labels\": {\"flannel.io/network\": null}, \"ownerReferences\": null}}");
    operator.process().awaitPassAfter(() -> network.poke("unlabelled"));
    eventually(
        "ours are back",
        () -> {
          FlannelNode now = node("node-1");
          assertThat(now.getMetadata().getLabels())
              .isEqualTo(Map.of("team", "a", "flannel.io/network", "default"));
          assertThat(now.getMetadata().getOwnerReferences())
              .isEqualTo(before.getMetadata().getOwnerReferences());
          assertThat(now.getSpec()).isEqualTo(before.getSpec());
        });
    operator.process().awaitPassAfter(() -> network.poke("quiet"));
    assertThat(patches(mark)).hasSize(1);
  }

  @Test
  void oneThatIsRefusedStopsNoOther() {
    refuse("object.metadata.name != 'node-1'", "CREATE");
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.VXLAN);
      eventually(
          "the others are there, and leased",
          () -> {
            assertThat(node("node-2").getSpec().peers()).hasSize(2);
            assertThat(node("node-3").getSpec().peers()).hasSize(2);
            assertThat(network.status().summary().leased()).isEqualTo(3);
          });
      assertThat(node("node-1")).isNull();
      eventually(
          "it is told",
          () ->
              assertThat(network.condition("Ready"))
                  .hasValueSatisfying(
                      ready -> {
                        assertThat(ready.reason()).isEqualTo("ApplyFailed");
                        assertThat(ready.message())
                            .contains("FlannelNode node-1 could not be written")
                            .contains("it needs a team")
                            .doesNotContain("more of kind");
                      }));
      allow();
      network.awaitReady();
    }
  }

  @Test
  void firstAndNumberOfManyRefusedOnesAreTold() {
    refuse("false", "CREATE");
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.VXLAN);
      eventually(
          "it is told",
          () ->
              assertThat(network.condition("Ready"))
                  .hasValueSatisfying(
                      ready ->
                          assertThat(ready.message())
                              .contains("FlannelNode node-1 could not be written")
                              .endsWith("and 2 more of kind FlannelNode were refused")));
      eventually(
          "all are leased", () -> assertThat(network.status().summary().leased()).isEqualTo(3));
      allow();
      network.awaitReady();
    }
  }

  @Test
  void aRefusedDeleteIsToldAndTriedAgain() {
    install();
    refuse("oldObject.metadata.name != 'node-3'", "DELETE");
    cluster.removeNode("node-3");
    eventually(
        "the status goes on",
        () -> {
          assertThat(network.status().summary().nodes()).isEqualTo(2);
          assertThat(network.condition("Ready"))
              .hasValueSatisfying(
                  ready ->
                      assertThat(ready.message())
                          .contains("FlannelNode node-3 could not be deleted"));
          assertThat(node("node-1").getSpec().peers())
              .extracting(Peer::name)
              .containsExactly("node-2");
        });
    allow();
    eventually("it is gone", () -> assertThat(node("node-3")).isNull());
  }

  @Test
  void everyFlannelNodeIsWrittenWhateverNodesPublish() {
    List<String> strange =
        List.of("", "x".repeat(100_000), "999.1.1.1", "::ffff:10.0.0.1", "0.0.0.0", "fe80::1%eth0");
    for (int i = 0; i < strange.size(); i++) {
      TestNode.named("strange-" + i)
          .podCidrs("10.244.%d.0/24".formatted(100 + i), "fd00:10:244:%d::/64".formatted(i))
          .internalIp("192.168.1." + (i + 1))
          .lease(
              "vxlan",
              "{\"VNI\":99999999999,\"VtepMAC\":\"%s\"}".formatted(strange.get(i)),
              i % 2 == 0 ? strange.get(i) : "192.168.1." + (i + 1))
          .annotation("flannel.alpha.coreos.com/public-ipv6", strange.get(i))
          .annotation("flannel.alpha.coreos.com/backend-v6-data", "\u009b{")
          .create(cluster.client());
    }
    try (var kubelets = FakeKubelets.on(cluster)) {
      network
          .apply("cidr: 10.244.0.0/16\nbackend: {type: vxlan, vxlan: {vni: 16777215}}")
          .confirmNoOtherFlannel();
      eventually(
          "all of them",
          () -> {
            for (int i = 0; i < strange.size(); i++) {
              assertThat(node("strange-" + i)).as("strange-" + i).isNotNull();
            }
            assertThat(node("node-1").getSpec().device()).isNull();
            assertThat(network.condition("Ready"))
                .hasValueSatisfying(it -> assertThat(it.reason()).isNotEqualTo("ApplyFailed"));
          });
    }
  }

  private void install() {
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.VXLAN).awaitReady();
    }
    operator.process().awaitPassAfter(() -> network.poke("installed"));
  }

  private void broughtBack(String what, FlannelNode before, Runnable edit) {
    var mark = cluster.api().audit().mark();
    edit.run();
    operator.process().awaitPassAfter(() -> network.poke(what));
    eventually(what, () -> assertThat(node("node-1").getSpec()).isEqualTo(before.getSpec()));
    operator.process().awaitPassAfter(() -> network.poke("once more after " + what));
    assertThat(patches(mark)).as(what).hasSize(1);
  }

  private static List<AuditLog.Request> patches(AuditLog.Mark since) {
    return cluster.writes(since).stream()
        .filter(write -> write.resource().equals("flannelnodes"))
        .toList();
  }

  private static FlannelNode node(String name) {
    return cluster.client().resources(FlannelNode.class).withName(name).get();
  }

  /** Edits node-1's spec like {@code kubectl edit}. */
  private static void edit(Consumer<ObjectNode> change) {
    ObjectNode object = Serialization.jsonMapper().valueToTree(node("node-1"));
    change.accept(object.withObject("/spec"));
    cluster
        .client()
        .resource(Serialization.jsonMapper().convertValue(object, GenericKubernetesResource.class))
        .update();
  }

  private static ObjectNode stranger() {
    return Serialization.jsonMapper()
        .createObjectNode()
        .put("name", "stranger")
        .put("address", "192.168.0.99");
  }

  /** Makes the API server refuse what does not match the expression, and returns once it does. */
  private static void refuse(String expression, String operation) {
    cluster.client().load(policy(expression, operation)).serverSideApply();
    eventually(
        "the policy is in force", () -> assertThat(tryOut(operation)).contains("it needs a team"));
  }

  /** Returns what kubectl prints for a dry run of a request that the policies here refuse. */
  private static String tryOut(String operation) {
    return operation.equals("DELETE")
        ? cluster.api().kubectl("delete", "fnode", "node-3", "--dry-run=server")
        : cluster
            .api()
            .kubectl("create", "--dry-run=server", "-f", "src/test/resources/flannelnode-1.yaml");
  }

  private static ByteArrayInputStream policy(String expression, String operation) {
    return new ByteArrayInputStream(
        """
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicy
        metadata: {name: %1$s}
        spec:
          failurePolicy: Fail
          matchConstraints:
            resourceRules:
            - apiGroups: [flannel.io]
              apiVersions: ["*"]
              resources: [flannelnodes]
              operations: [%3$s]
          validations:
          - expression: "%2$s"
            message: it needs a team
        ---
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicyBinding
        metadata: {name: %1$s}
        spec: {policyName: %1$s, validationActions: [Deny]}
        """
            .formatted(POLICY, expression, operation)
            .getBytes(UTF_8));
  }

  private static void merge(String patch) {
    cluster
        .client()
        .resources(FlannelNode.class)
        .withName("node-1")
        .patch(PatchContext.of(PatchType.JSON_MERGE), patch);
  }
}
