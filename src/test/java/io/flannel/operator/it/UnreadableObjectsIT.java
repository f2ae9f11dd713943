package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.observe.Unread;
import io.flannel.operator.testing.cluster.LaxSchema;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import io.flannel.operator.testing.fakes.FakeTaskPods;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Objects that can't be read completely, admitted by an older schema or without one. */
class UnreadableObjectsIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @Test
  void aSpecThatCantBeReadIsRefusedByItsField() {
    var network = installed(TestNetwork.IPIP);
    var before = Rendered.in(cluster).resourceVersions();
    try (var lax = LaxSchema.of(cluster, "flannelnetworks")) {
      patch("default", "{\"spec\":{\"mtu\":\"big\",\"backend\":{\"type\":\"geneve\"}}}");
      network.awaitRefused(
          "InvalidSpec",
          "spec.backend.type is 'geneve', where one of vxlan, ipip, host-gw, wireguard belongs");
    }
    operator.process().awaitPassAfter(() -> network.poke("schema"));
    assertThat(Rendered.in(cluster).resourceVersions()).isEqualTo(before);
    // With a patch, as kubectl apply and edit do: server-side apply fails on such an object.
    patch("default", "{\"spec\":{\"mtu\":null,\"backend\":{\"type\":\"ipip\"}}}");
    network.awaitReady();
    nothingWentWrong();
  }

  @Test
  void anotherOneThatCantBeReadDisturbsNobody() {
    var network = installed(TestNetwork.IPIP);
    try (var lax = LaxSchema.of(cluster, "flannelnetworks")) {
      LaxSchema.flannelNetworks(cluster)
          .load(
              new java.io.ByteArrayInputStream(
                  """
                  {"apiVersion":"flannel.io/v1alpha1","kind":"FlannelNetwork",
                   "metadata":{"name":"other"},"spec":[7],"status":"gone"}
                  """
                      .getBytes(java.nio.charset.StandardCharsets.UTF_8)))
          .create();
      TestNetwork.of(cluster, "other").awaitRefused("InvalidSpec", "spec is a list");
      network.apply(TestNetwork.IPIP + "ipMasq: false");
      try (var kubelets = FakeKubelets.on(cluster)) {
        network.awaitReady();
      }
      TestNetwork.of(cluster, "other").delete();
      TestNetwork.of(cluster, "other").awaitGone();
    }
    nothingWentWrong();
  }

  @Test
  void aStatusOfOthersIsOverwritten() {
    var network = installed(TestNetwork.IPIP);
    try (var lax = LaxSchema.of(cluster, "flannelnetworks")) {
      LaxSchema.flannelNetworks(cluster)
          .withName("default")
          .subresource("status")
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              """
              {"status":{"rollout":7,"summary":"all","conditions":[null],"adoption":[1],
                         "problems":[{"reason":"Forged","since":"yesterday"}]}}
              """);
      network.awaitReady();
      eventually(
          "all of it",
          () -> {
            assertThat(Unread.of(network.get())).isEqualTo(Unread.NOTHING);
            assertThat(network.status().summary().nodes()).isEqualTo(2);
            assertThat(network.status().problems()).isNullOrEmpty();
            assertThat(network.status().adoption()).isNull();
          });
    }
    nothingWentWrong();
  }

  @Test
  void retainedNetworkGoesWithoutASpec() {
    var network = installed(TestNetwork.IPIP + "deletionPolicy: Cleanup");
    var before = Rendered.in(cluster).resourceVersions();
    try (var lax = LaxSchema.of(cluster, "flannelnetworks")) {
      patch("default", "{\"spec\":{\"mtu\":\"big\",\"deletionPolicy\":\"Retain\"}}");
      network.awaitRefused("InvalidSpec", "spec.mtu is 'big'");
      assertThat(network.get().getMetadata().getFinalizers()).hasSize(1);
      network.delete();
      network.awaitGone();
      assertThat(Rendered.in(cluster).resourceVersions()).isEqualTo(before);
    }
    nothingWentWrong();
  }

  @Test
  void withCleanupThatIsCleanedWhichIsKnown() {
    var network = installed(TestNetwork.IPIP + "deletionPolicy: Cleanup");
    var steps = new FakeTaskPods(cluster.client());
    try (var lax = LaxSchema.of(cluster, "flannelnetworks")) {
      patch("default", "{\"spec\":{\"cidr\":7,\"backend\":\"?\",\"flannel\":{\"image\":[]}}}");
      network.awaitRefused("InvalidSpec", "spec.backend is '?'");
      network.delete();
      eventually("the first step", () -> assertThat(steps.running()).isNotEmpty());
      eventually(
          "it says what is not known",
          () ->
              assertThat(network.condition("Ready").orElseThrow().message())
                  .contains("can't all be read"));
      eventually(
          "gone",
          () -> {
            steps.endAll();
            assertThat(network.exists()).isFalse();
          });
    }
    eventually("nothing", () -> assertThat(Rendered.in(cluster).names()).isEmpty());
    nothingWentWrong();
  }

  private static void patch(String network, String patch) {
    LaxSchema.flannelNetworks(cluster)
        .withName(network)
        .patch(PatchContext.of(PatchType.JSON_MERGE), patch);
  }

  private static TestNetwork installed(String spec) {
    cluster.nodes(2);
    var network = TestNetwork.of(cluster, "default");
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(spec).awaitReady();
    }
    return network;
  }

  private static void nothingWentWrong() {
    assertThat(operator.process().stackTraces()).isEmpty();
    assertThat(operator.process().logged()).doesNotContain("a fault of this operator");
  }
}
