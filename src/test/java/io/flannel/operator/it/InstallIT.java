package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** From an applied FlannelNetwork to flannel on every node, and the status meanwhile. */
class InstallIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @Test
  void everythingIsWrittenAndOwnedByTheOperator() {
    cluster.withoutNamespace();
    TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP);

    var rendered = Rendered.in(cluster);
    eventually(
        "all six objects",
        () ->
            assertThat(rendered.names())
                .hasSize(6)
                .contains(
                    "Namespace kube-flannel",
                    "ServiceAccount flannel",
                    "ClusterRole flannel",
                    "ClusterRoleBinding flannel",
                    "DaemonSet kube-flannel-ds")
                .anyMatch(name -> name.matches("ConfigMap kube-flannel-cfg-[0-9a-f]{10}")));
    assertThat(rendered.objects())
        .allSatisfy(
            object -> {
              assertThat(object.getMetadata().getLabels())
                  .containsEntry("flannel.io/network", "default");
              assertThat(object.getMetadata().getManagedFields())
                  .filteredOn(entry -> "Apply".equals(entry.getOperation()))
                  .extracting(ManagedFieldsEntry::getManager)
                  .containsExactly("flannel-operator");
            });
  }

  @Test
  void readyComesWithTheLastNodesLease() {
    cluster.nodes(3);
    var network = TestNetwork.of(cluster, "default");
    try (var kubelets = FakeKubelets.on(cluster, "node-2")) {
      network.apply(TestNetwork.IPIP);
      eventually(
          "two of three",
          () -> {
            assertThat(network.conditions())
                .isEqualTo("Accepted=T Ready=F Reconciling=T Stalled=F");
            assertThat(network.status().summary().nodes()).isEqualTo(3);
            assertThat(network.status().summary().leased()).isEqualTo(2);
            assertThat(network.status().rollout().phase()).isEqualTo(Phase.PROGRESSING);
            assertThat(network.status().rollout().updated()).isEqualTo(2);
          });
      assertThat(network.status().nodes())
          .first()
          .satisfies(
              worst -> {
                assertThat(worst.name()).isEqualTo("node-2");
                assertThat(worst.leased()).isFalse();
                assertThat(worst.reason()).isEqualTo("NotRegistered");
              });

      kubelets.mended("node-2");
      assertThat(wait("condition=Ready")).contains("condition met");
    }

    var status = network.status();
    assertThat(status.summary().leased()).isEqualTo(3);
    assertThat(status.rollout().phase()).isEqualTo(Phase.COMPLETE);
    assertThat(status.rollout().updated()).isEqualTo(3);
    assertThat(status.problems()).isNullOrEmpty();
    assertThat(status.applied().backend()).hasToString("IPIP");
    assertThat(status.applied().cidr()).isEqualTo("10.244.0.0/16");
    assertThat(status.applied().flannelVersion()).startsWith("v0.");
    assertThat("kube-flannel-cfg-" + status.applied().configHash())
        .isEqualTo(Rendered.in(cluster).configMap().get().getMetadata().getName());
    assertThat(status.nodes())
        .extracting(NodeStatus::name)
        .containsExactly("node-1", "node-2", "node-3");
    assertThat(status.nodes())
        .element(1)
        .satisfies(
            node -> {
              assertThat(node.leased()).isTrue();
              assertThat(node.subnet()).isEqualTo("10.244.2.0/24");
              assertThat(node.publicIP()).isEqualTo("192.168.0.2");
              assertThat(node.device()).isEqualTo("flannel.ipip");
              assertThat(node.reason()).isNull();
            });
    assertThat(network.eventReasons())
        .containsExactlyInAnyOrder(
            "Accepted", "RolloutStarted", "RolloutComplete", "TunnelsHealthy", "Ready");
  }

  @Test
  void kstatusSeesProgressAndThenTheEnd() {
    cluster.nodes(1);
    var network = TestNetwork.of(cluster, "default");
    try (var kubelets = FakeKubelets.on(cluster, "node-1")) {
      network.apply(TestNetwork.IPIP);
      // InProgress: Reconciling is True for this generation.
      assertThat(wait("condition=Reconciling")).contains("condition met");
      assertThat(network.get().getStatus().observedGeneration())
          .isEqualTo(network.get().getMetadata().getGeneration());
      kubelets.mended("node-1");
      // Current: Ready, and neither Reconciling nor Stalled.
      network.awaitReady();
    }
  }

  @Test
  void theTableOfKubectlShowsWhatMatters() {
    cluster.nodes(1);
    try (var kubelets = FakeKubelets.on(cluster)) {
      TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP).awaitReady();
    }
    assertThat(cluster.api().kubectl("get", "fnet", "default", "--no-headers").split("\\s+"))
        .startsWith("default", "ipip", "10.244.0.0/16", "1", "1")
        .contains("True", "AllNodesLeased");
  }

  @Test
  void aNetworkWithoutNodesSaysSo() {
    var network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP);
    network.awaitConditions("Accepted=T Ready=F Reconciling=F Stalled=F");
    assertThat(network.condition("Ready").orElseThrow().reason()).isEqualTo("NoNodes");
  }

  private static String wait(String what) {
    return cluster.api().kubectl("wait", "--for=" + what, "fnet/default", "--timeout=120s");
  }
}
