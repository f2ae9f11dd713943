package io.flannel.operator.control;

import static io.flannel.operator.testing.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNetworkStatus.Difference;
import io.flannel.operator.overlay.ForeignInstalls;
import io.flannel.operator.overlay.Installs;
import io.flannel.operator.testing.AuditLog;
import io.flannel.operator.testing.FakeKubelets;
import io.flannel.operator.testing.FakeSteps;
import io.flannel.operator.testing.Rendered;
import io.flannel.operator.testing.RunningOperator;
import io.flannel.operator.testing.TestCluster;
import io.flannel.operator.testing.TestNetwork;
import io.flannel.operator.testing.UpstreamFlannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A flannel that was there before the operator: taken over as it is, or left as it is. */
class AdoptionIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  /** What flanneld publishes of its node. */
  private static final String PUBLISHED = "flannel.alpha.coreos.com/backend-type";

  private final UpstreamFlannel upstream = UpstreamFlannel.in(cluster);
  private final TestNetwork network = TestNetwork.of(cluster, "default");

  @BeforeEach
  void nodes() {
    cluster.nodes(3);
  }

  @Test
  void upstreamsManifestBecomesOurs() {
    try (var kubelets = FakeKubelets.on(cluster)) {
      upstream.install("manifest-v0.28").awaitPods();
      DaemonSet before = upstream.daemonSets().getFirst();
      network.apply(TestNetwork.VXLAN + "cni: {version: 0.3.1}").awaitReady();
      eventually(
          "nothing of the old one", () -> assertThat(upstream.isGone("kube-flannel")).isTrue());
      awaitAdopted();

      DaemonSet after = Rendered.in(cluster).liveDaemonSet();
      assertThat(after.getMetadata().getUid())
          .as("never deleted")
          .isEqualTo(before.getMetadata().getUid());
      assertThat(after.getMetadata().getAnnotations())
          .doesNotContainKey("kubectl.kubernetes.io/last-applied-configuration");
    }
    var adopted = specOf(Rendered.in(cluster).liveDaemonSet());
    cluster.empty();
    cluster.nodes(3);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.VXLAN + "cni: {version: 0.3.1}").awaitReady();
    }
    assertThat(adopted)
        .as("as if it had been installed by the operator")
        .isEqualTo(specOf(Rendered.in(cluster).liveDaemonSet()));
  }

  @Test
  void oneInKubeSystemGivesUpNodeAfterNodeAndGoesLast() {
    try (var kubelets = FakeKubelets.on(cluster)) {
      upstream.install("ipip-in-kube-system").awaitPods();
      var mark = cluster.api().audit().mark();
      network.apply(TestNetwork.IPIP + "cni: {version: 0.3.1}").awaitReady();
      eventually(
          "nothing of the old one", () -> assertThat(upstream.isGone("kube-system")).isTrue());
      awaitAdopted();

      List<String> writes =
          cluster.writes(mark).stream()
              .filter(write -> write.namespace().equals("kube-system"))
              .map(write -> write.verb() + " " + write.resource())
              .toList();
      assertThat(writes)
          .as("marked, then a node at a time, then removed")
          .containsSubsequence(
              "patch daemonsets",
              "patch daemonsets",
              "patch daemonsets",
              "patch daemonsets",
              "delete daemonsets",
              "delete configmaps")
          .endsWith("delete serviceaccounts");
      assertThat(
              Objects.requireNonNull(Rendered.in(cluster).clusterRoleBinding().get()).getSubjects())
          .extracting(subject -> subject.getNamespace())
          .containsExactly("kube-flannel");
    }
  }

  @Test
  void ourPodsWaitForTheOldOnesRightsToEnd() {
    // Without kubelets ours is never ready: it stops at the first node.
    upstream.install("ipip-in-kube-system").awaitPods();
    network.apply(TestNetwork.IPIP + "cni: {version: 0.3.1}");
    eventually(
        "one node left",
        () -> {
          Adoption adoption = network.status().adoption();
          assertThat(adoption).isNotNull();
          assertThat(adoption.message()).isEqualTo("it has left node node-1");
          assertThat(adoption.phase()).isEqualTo(Adoption.Stage.TAKING_OVER);
          assertThat(adoption.daemonSet()).isEqualTo("kube-system/kube-flannel-ds");
        });
    operator.process().awaitPassAfter(() -> network.poke("look again"));
    DaemonSet old =
        upstream.daemonSets().stream()
            .filter(one -> one.getMetadata().getNamespace().equals("kube-system"))
            .findFirst()
            .orElseThrow();
    eventually(
        "the old one's pods on the others",
        () ->
            assertThat(
                    cluster
                        .client()
                        .apps()
                        .daemonSets()
                        .resource(old)
                        .get()
                        .getStatus()
                        .getCurrentNumberScheduled())
                .isEqualTo(2));
    assertThat(
            Objects.requireNonNull(Rendered.in(cluster).clusterRoleBinding().get()).getSubjects())
        .as("both have their rights")
        .extracting(subject -> subject.getNamespace())
        .containsExactly("kube-flannel", "kube-system");
  }

  @Test
  void aCleanupInTheMiddleRemovesBothAndCleansTheNodes() {
    upstream.install("ipip-in-kube-system").awaitPods();
    network.apply(TestNetwork.IPIP + "cni: {version: 0.3.1}\ndeletionPolicy: Cleanup");
    eventually(
        "in the middle",
        () ->
            assertThat(Objects.requireNonNull(network.status().adoption()).message())
                .isEqualTo("it has left node node-1"));
    publish("node-2");
    network.delete();
    FakeSteps steps = new FakeSteps(cluster.client());
    eventually("the node's step", () -> assertThat(steps.running()).hasSize(1));
    assertThat(steps.running().getFirst().getSpec().getNodeName()).isEqualTo("node-2");
    assertThat(upstream.daemonSets()).as("both flannels went before").isEmpty();
    eventually(
        "gone",
        () -> {
          steps.endAll();
          assertThat(network.exists()).isFalse();
        });
    assertThat(cluster.client().nodes().withName("node-2").get().getMetadata().getAnnotations())
        .doesNotContainKey(PUBLISHED);
    assertThat(upstream.isGone("kube-system")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "manifest-v0.25",
        "chart-v0.28",
        "vxlan-vni-port-direct-routing",
        "ipip-in-kube-system",
        "extra-arguments-private-registry"
      })
  void theMatchingNetworkIsOfferedAndTakesItOver(String install) throws IOException {
    try (var kubelets = FakeKubelets.on(cluster)) {
      upstream.install(install).awaitPods();
      var mark = cluster.api().audit().mark();
      network.apply("cidr: 10.244.0.0/16\nbackend: {type: host-gw}");
      network.awaitRefused("AdoptionDiffers", "backend.type: ", " -> host-gw");
      assertThat(cluster.writes(mark))
          .extracting(AuditLog.Request::resource)
          .containsOnly("flannelnetworks/status", "events");
      Adoption adoption = Objects.requireNonNull(network.status().adoption());
      assertThat(adoption.phase()).isEqualTo(Adoption.Stage.REFUSED);
      assertThat(adoption.differences()).contains(new Difference("cni.version", "0.3.1", "1.0.0"));

      Path manifest = Files.createTempFile("matching", ".yaml");
      Files.writeString(manifest, Objects.requireNonNull(adoption.matching()));
      assertThat(
              cluster
                  .api()
                  .kubectl(
                      "apply", "--server-side", "--force-conflicts", "-f", manifest.toString()))
          .isEqualTo("flannelnetwork.flannel.io/default serverside-applied\n");
      network.awaitReady();
      awaitAdopted();
      for (String namespace : List.of("kube-flannel", "kube-system")) {
        eventually(namespace, () -> assertThat(upstream.isGone(namespace)).isTrue());
      }
    }
  }

  @Test
  void whatHasNoPlaceInTheApiIsRefusedByNameUntilItIsGone() {
    upstream.install("refused-sidecar-and-bandwidth");
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.VXLAN);
    network.awaitRefused(
        "AdoptionUnsupported",
        "kube-flannel/kube-flannel-ds",
        "container kube-network-policies",
        "environment variable FLANNELD_IFACE=eth0",
        "plugin bandwidth");
    assertThat(Objects.requireNonNull(network.status().adoption()).matching()).isNull();
    operator.process().awaitPassAfter(() -> network.poke("look again"));
    assertThat(cluster.writes(mark))
        .extracting(AuditLog.Request::resource)
        .containsOnly("flannelnetworks/status", "events");
    cluster.client().apps().daemonSets().inNamespace(TestCluster.FLANNEL).delete();
    network.awaitConditions("Accepted=T Ready=F Reconciling=T Stalled=F");
    assertThat(network.events()).noneMatch(event -> event.startsWith("Adopted"));
  }

  /** Windows' nodes have a flannel that shares its ConfigMap, ServiceAccount and rights. */
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
      awaitAdopted();
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
      assertThat(subjects())
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

  /** Such as one of a Deployment, or of a Job. */
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
      awaitAdopted();
      assertThat(upstream.daemonSets())
          .extracting(one -> one.getMetadata().getNamespace())
          .containsExactly("kube-flannel");
      var account =
          cluster.client().serviceAccounts().inNamespace("kube-system").withName("flannel").get();
      assertThat(account).as("of a pod").isNotNull();
      assertThat(String.valueOf(account.getMetadata().getAnnotations()))
          .doesNotContain("flannel.io/adopted-by");
      assertThat(subjects()).containsExactly("kube-flannel/flannel", "kube-system/flannel");
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

  /** As that of a restored backup. */
  @Test
  void oneOfWhichNobodyKnowsWhoWroteItBecomesOurs() {
    try (var kubelets = FakeKubelets.on(cluster)) {
      upstream.install("manifest-v0.28").awaitPods();
      cluster
          .client()
          .resource(upstream.daemonSets().getFirst())
          .patch(
              PatchContext.of(PatchType.JSON_MERGE), "{\"metadata\": {\"managedFields\": [{}]}}");
      network.apply(TestNetwork.VXLAN + "cni: {version: 0.3.1}").awaitReady();
      awaitAdopted();
    }
    DaemonSet after = Rendered.in(cluster).liveDaemonSet();
    assertThat(after.getMetadata().getAnnotations())
        .doesNotContainKey("kubectl.kubernetes.io/last-applied-configuration");
    assertThat(after.getMetadata().getManagedFields())
        .filteredOn(entry -> entry.getSubresource() == null)
        .extracting(ManagedFieldsEntry::getManager)
        .containsExactly("flannel-operator");
  }

  /** A pod in kube-system that nobody controls. */
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

  /** Several NICs: a DaemonSet for the nodes of each, with the same ConfigMap. */
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

  private static List<String> subjects() {
    return Objects.requireNonNull(Rendered.in(cluster).clusterRoleBinding().get())
        .getSubjects()
        .stream()
        .map(subject -> subject.getNamespace() + "/" + subject.getName())
        .toList();
  }

  @Test
  void aPausedNetworkTakesNothingOver() {
    upstream.install("manifest-v0.28");
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.VXLAN + "cni: {version: 0.3.1}\npaused: true");
    eventually(
        "paused",
        () ->
            assertThat(Objects.requireNonNull(network.status().adoption()).phase())
                .isEqualTo(Adoption.Stage.PAUSED));
    assertThat(cluster.writes(mark))
        .extracting(AuditLog.Request::resource)
        .containsOnly("flannelnetworks/status", "events");
  }

  private static void publish(String node) {
    cluster
        .client()
        .nodes()
        .withName(node)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\": {\"annotations\": {\"%s\": \"ipip\"}}}".formatted(PUBLISHED));
  }

  private void awaitAdopted() {
    eventually(
        "told",
        () -> {
          assertThat(network.status().adoption()).isNull();
          assertThat(network.events()).filteredOn(it -> it.startsWith("Adopted: ")).hasSize(1);
        });
  }

  private static Object specOf(DaemonSet daemonSet) {
    return daemonSet.getSpec();
  }
}
