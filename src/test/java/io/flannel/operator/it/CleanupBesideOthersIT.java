package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.cluster.UpstreamFlannel;
import io.flannel.operator.testing.fakes.FakeKubelets;
import io.flannel.operator.testing.fakes.FakeTaskPods;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A foreign flannel is installed while a network with {@code deletionPolicy: Cleanup} is being
 * removed from the nodes: it keeps everything that it has.
 */
class CleanupBesideOthersIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  private static final FakeTaskPods STEPS = new FakeTaskPods(cluster.client());

  private final TestNetwork network = TestNetwork.of(cluster, "default");
  private final Rendered rendered = Rendered.in(cluster);

  /** The network's DaemonSet is gone, and the first node is being cleaned. */
  @BeforeEach
  void aNetworkThatGoes() {
    cluster.nodes(2);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup").awaitReady();
    }
    network.delete();
    eventually("a node's step", () -> assertThat(STEPS.running()).isNotEmpty());
    assertThat(rendered.daemonSet().get()).isNull();
  }

  /** Its Namespace, ServiceAccount and rights have the same names as ours. */
  @Test
  void upstreamsManifestFreshlyApplied() {
    UpstreamFlannel.in(cluster).install("manifest-v0.28");
    network.awaitGone();
    assertThat(rendered.names())
        .containsExactlyInAnyOrder(
            "Namespace kube-flannel",
            "ServiceAccount flannel",
            "ClusterRole flannel",
            "ClusterRoleBinding flannel",
            "DaemonSet kube-flannel-ds");
    assertThat(rendered.objects())
        .allSatisfy(
            it -> {
              assertThat(it.isMarkedForDeletion()).as(it.getKind()).isFalse();
              assertThat(String.valueOf(it.getMetadata().getLabels()))
                  .doesNotContain("flannel.io/network", "flannel-operator");
            });
    assertThat(subjects()).containsExactly("kube-flannel/flannel");
    noNodeIsCleaned();
  }

  /** Only the DaemonSet shows that it is there. */
  @Test
  void aDaemonSetInOurPlace() {
    cluster.client().resource(Installs.daemonSet("manifest-v0.28")).create();
    network.awaitGone();
    assertThat(rendered.names())
        .contains(
            "Namespace kube-flannel",
            "ServiceAccount flannel",
            "ClusterRole flannel",
            "ClusterRoleBinding flannel",
            "DaemonSet kube-flannel-ds");
    assertThat(Objects.requireNonNull(rendered.namespace().get()).isMarkedForDeletion()).isFalse();
    noNodeIsCleaned();
  }

  /** It has its own account, and its rights through a binding with our name. */
  @Test
  void aFlannelOfAnotherName() {
    UpstreamFlannel.in(cluster).installForeign("talos");
    network.awaitGone();
    assertThat(cluster.client().apps().daemonSets().inNamespace("kube-system").list().getItems())
        .hasSize(1);
    assertThat(rendered.names())
        .contains("ClusterRole flannel", "ClusterRoleBinding flannel")
        .doesNotContain("ServiceAccount flannel", "DaemonSet kube-flannel-ds");
    assertThat(subjects()).contains("kube-system/flannel");
    noNodeIsCleaned();
    assertThat(network.events())
        .anyMatch(
            event -> event.contains("NodesNotCleaned") && event.contains("DaemonSet kube-system/"));
  }

  private static void noNodeIsCleaned() {
    // No kubelet ends the pods.
    eventually(
        "no step goes on", () -> assertThat(STEPS.running()).allMatch(Pod::isMarkedForDeletion));
    assertThat(cluster.client().nodes().list().getItems())
        .hasSize(2)
        .allSatisfy(
            node ->
                assertThat(node.getMetadata().getAnnotations())
                    .containsKey("flannel.alpha.coreos.com/backend-type"));
  }

  private List<String> subjects() {
    return Objects.requireNonNull(rendered.clusterRoleBinding().get()).getSubjects().stream()
        .map(subject -> subject.getNamespace() + "/" + subject.getName())
        .toList();
  }
}
