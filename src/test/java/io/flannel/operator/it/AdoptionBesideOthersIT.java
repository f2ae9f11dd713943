package io.flannel.operator.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.flannel.operator.flannel.ForeignInstalls;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.cluster.UpstreamFlannel;
import io.flannel.operator.testing.fakes.FakeKubelets;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A flannel that has a sibling, or whose objects others use too: what is theirs stays. */
class AdoptionBesideOthersIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  private final UpstreamFlannel upstream = UpstreamFlannel.in(cluster);
  private final TestNetwork network = TestNetwork.of(cluster, "default");

  @BeforeEach
  void nodes() {
    cluster.nodes(3);
  }

  /** Windows nodes have a flannel that shares the ConfigMap, ServiceAccount and rights. */
  @ParameterizedTest
  @ValueSource(strings = {"kube-system", "kube-flannel"})
  void whatWindowsFlannelNamesAsWellStaysForIt(String namespace) {
    try (var kubelets = FakeKubelets.on(cluster)) {
      boolean ours = namespace.equals("kube-flannel");
      upstream.install(ours ? "manifest-v0.28" : "ipip-in-kube-system").awaitPods();
      DaemonSet windows = ForeignInstalls.daemonSet("windows");
      windows.getMetadata().setNamespace(namespace);
      long generation = cluster.client().resource(windows).create().getMetadata().getGeneration();
      network
          .apply((ours ? TestNetwork.VXLAN : TestNetwork.IPIP) + "cni: {version: 0.3.1}")
          .awaitReady();
      network.awaitAdopted();
      assertThat(upstream.daemonSets())
          .extracting(one -> one.getMetadata().getNamespace())
          .containsExactly("kube-flannel");

      var config =
          cluster.client().configMaps().inNamespace(namespace).withName("kube-flannel-cfg").get();
      var account =
          cluster.client().serviceAccounts().inNamespace(namespace).withName("flannel").get();
      assertThat(List.of(config, account))
          .as("kept, and its own again")
          .allSatisfy(
              it ->
                  assertThat(String.valueOf(it.getMetadata().getAnnotations()))
                      .doesNotContain("flannel.io/adopted-by"));
      assertThat(Rendered.in(cluster).subjects())
          .as("with the rights of both")
          .isEqualTo(
              ours
                  ? List.of("kube-flannel/flannel")
                  : List.of("kube-flannel/flannel", "kube-system/flannel"));
      assertThat(cluster.client().resource(windows).get().getMetadata().getGeneration())
          .isEqualTo(generation);
      var mark = cluster.api().audit().mark();
      operator.process().awaitPassAfter(() -> network.poke("look again"));
      assertThat(cluster.writes(mark)).as("nobody fights").isEmpty();
    }
  }

  /** Such as a pod of a Deployment or of a Job. */
  @Test
  void whatAnyPodNamesAsWellStaysForIt() {
    try (var kubelets = FakeKubelets.on(cluster)) {
      upstream.install("ipip-in-kube-system").awaitPods();
      pod("uses-the-account", pod -> pod.withServiceAccountName("flannel"));
      pod(
          "mounts-the-config",
          pod ->
              pod.addNewVolume()
                  .withName("config")
                  .withNewConfigMap()
                  .withName("kube-flannel-cfg")
                  .endConfigMap()
                  .endVolume());
      network.apply(TestNetwork.IPIP + "cni: {version: 0.3.1}").awaitReady();
      network.awaitAdopted();
      assertThat(upstream.daemonSets())
          .extracting(one -> one.getMetadata().getNamespace())
          .containsExactly("kube-flannel");
      var account =
          cluster.client().serviceAccounts().inNamespace("kube-system").withName("flannel").get();
      assertThat(account).as("of a pod").isNotNull();
      assertThat(String.valueOf(account.getMetadata().getAnnotations()))
          .doesNotContain("flannel.io/adopted-by");
      assertThat(Rendered.in(cluster).subjects())
          .containsExactly("kube-flannel/flannel", "kube-system/flannel");
      assertThat(
              cluster
                  .client()
                  .configMaps()
                  .inNamespace("kube-system")
                  .withName("kube-flannel-cfg")
                  .get())
          .as("mounted by another")
          .isNotNull();
    } finally {
      for (String name : List.of("uses-the-account", "mounts-the-config")) {
        cluster
            .client()
            .pods()
            .inNamespace("kube-system")
            .withName(name)
            .withGracePeriod(0)
            .delete();
      }
    }
  }

  /** Creates a pod in kube-system that no controller owns. */
  private static void pod(String name, UnaryOperator<PodSpecBuilder> how) {
    PodSpecBuilder spec =
        new PodSpecBuilder()
            .addNewContainer()
            .withName("any")
            .withImage("example.org/any:1")
            .endContainer();
    Pod pod =
        new PodBuilder()
            .withNewMetadata()
            .withNamespace("kube-system")
            .withName(name)
            .endMetadata()
            .withSpec(how.apply(spec).build())
            .build();
    cluster.client().resource(pod).create();
  }

  /** A cluster with several NICs: one DaemonSet for each NIC's nodes, with the same ConfigMap. */
  @Test
  void aSiblingThatServesOtherNodesIsNamedAndNothingIsTakenOver() {
    upstream.install("manifest-v0.28").awaitPods();
    DaemonSet sibling = Installs.daemonSet("manifest-v0.28");
    sibling.getMetadata().setName("kube-flannel-ds-b");
    sibling.getSpec().getTemplate().getSpec().setNodeSelector(Map.of("nic", "b"));
    cluster.client().resource(sibling).create();
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.VXLAN + "cni: {version: 0.3.1}");
    network.awaitRefused(
        "ForeignFlannel",
        "kube-flannel/kube-flannel-ds-b",
        "beside DaemonSet kube-flannel/kube-flannel-ds",
        "one DaemonSet kube-flannel-ds for all nodes");
    operator.process().awaitPassAfter(() -> network.poke("look again"));
    assertThat(cluster.writes(mark))
        .extracting(AuditLog.Request::resource)
        .containsOnly("flannelnetworks/status", "events");
    cluster.client().resource(sibling).delete();
    network.awaitConditions("Accepted=T Ready=F Reconciling=T Stalled=F");
  }
}
