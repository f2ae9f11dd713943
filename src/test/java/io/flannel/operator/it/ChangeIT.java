package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A changed spec reaches the nodes, and rolling back remains possible. */
class ChangeIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @Test
  void anotherBackendIsRolledOutNodeByNode() {
    cluster.nodes(3);
    var network = TestNetwork.of(cluster, "default");
    var rendered = Rendered.in(cluster);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.VXLAN).awaitReady();
      String old = network.status().applied().configHash();
      String oldMap = rendered.configMap().get().getMetadata().getName();

      List.of("node-1", "node-2", "node-3").forEach(kubelets::broken);
      network.apply(TestNetwork.IPIP);
      network.awaitConditions("Accepted=T Ready=F Reconciling=T Stalled=F");
      eventually(
          "the rollout",
          () -> {
            assertThat(network.status().rollout().phase()).isEqualTo(Phase.PROGRESSING);
            assertThat(network.status().rollout().updated()).isLessThanOrEqualTo(1);
            assertThat(network.status().rollout().from()).isEqualTo(old);
          });
      assertThat(network.status().applied().backend()).hasToString("IPIP");
      assertThat(network.status().problems()).as("normal in a rollout").isNullOrEmpty();
      kubelets.mended("node-1");
      kubelets.mended("node-2");
      kubelets.mended("node-3");
      network.awaitReady();

      var rollout = network.status().rollout();
      assertThat(rollout.from()).isEqualTo(old);
      assertThat(rollout.to()).isNotEqualTo(old).isEqualTo(network.status().applied().configHash());
      assertThat(rendered.configMaps())
          .extracting(map -> map.getMetadata().getName())
          .containsExactlyInAnyOrder(oldMap, "kube-flannel-cfg-" + rollout.to());
      assertThat(network.status().nodes()).allMatch(node -> node.backend().equals("ipip"));
    }
    assertThat(network.eventReasons())
        .containsExactlyInAnyOrder(
            "Accepted",
            "RolloutStarted",
            "RolloutComplete",
            "TunnelsHealthy",
            "Ready",
            "RolloutStarted",
            "NotReady",
            "RolloutComplete",
            "Ready");
  }

  @Test
  void aWiderRangeIsAnotherConfiguration() {
    cluster.nodes(2);
    var network = TestNetwork.of(cluster, "default");
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply("cidr: 10.244.0.0/20\nbackend: {type: vxlan}").awaitReady();
      assertThat(network.status().applied().cidr()).isEqualTo("10.244.0.0/20");
      network.apply("cidr: 10.244.0.0/16\nbackend: {type: vxlan}").awaitReady();
      assertThat(network.status().applied().cidr()).isEqualTo("10.244.0.0/16");
    }
    assertThat(Rendered.in(cluster).configMap().get().getData().get("net-conf.json"))
        .contains("\"Network\" : \"10.244.0.0/16\"");
  }

  @Test
  void theLastThreeConfigurationsAreKept() {
    cluster.nodes(1);
    var network = TestNetwork.of(cluster, "default");
    var rendered = Rendered.in(cluster);
    try (var kubelets = FakeKubelets.on(cluster)) {
      for (int mtu = 1400; mtu <= 1405; mtu++) {
        network.apply(TestNetwork.IPIP + "mtu: " + mtu).awaitReady();
      }
    }
    eventually("the present and three", () -> assertThat(rendered.configMaps()).hasSize(4));
    assertThat(rendered.configMap().get()).isNotNull();
    assertThat(network.status().applied().mtu()).isEqualTo(1405);
  }

  @Test
  void aNewImageIsRolledOutWithTheSameConfiguration() {
    cluster.nodes(2);
    var network = TestNetwork.of(cluster, "default");
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.IPIP).awaitReady();
      String hash = network.status().applied().configHash();
      network.apply(TestNetwork.IPIP + "flannel: {image: \"example.org/flannel:v9\"}").awaitReady();
      assertThat(network.status().applied().flannelVersion()).isEqualTo("v9");
      assertThat(network.status().applied().configHash()).isEqualTo(hash);
    }
    assertThat(Rendered.in(cluster).configMaps()).hasSize(1);
  }

  @Test
  void aNodeThatJoinsIsNoRollout() {
    cluster.nodes(2);
    var network = TestNetwork.of(cluster, "default");
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.IPIP).awaitReady();
      TestCluster.node(3).create(cluster.client());
      eventually("three nodes", () -> assertThat(network.status().summary().leased()).isEqualTo(3));
      network.awaitReady();
    }
    assertThat(network.eventReasons()).containsOnlyOnce("RolloutStarted", "RolloutComplete");
  }
}
