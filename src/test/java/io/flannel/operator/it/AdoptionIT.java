package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNetworkStatus.Difference;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.cluster.UpstreamFlannel;
import io.flannel.operator.testing.fakes.FakeKubelets;
import io.flannel.operator.testing.fakes.FakeTaskPods;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A flannel that was there before the operator: either adopted as it is, or left as it is. */
class AdoptionIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  /** An annotation that flanneld publishes on its Node. */
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
      network.awaitAdopted();

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
      network.awaitAdopted();

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
    // Without kubelets our pods never become ready, so the adoption stops at the first node.
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
    FakeTaskPods steps = new FakeTaskPods(cluster.client());
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

  private static void publish(String node) {
    cluster
        .client()
        .nodes()
        .withName(node)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\": {\"annotations\": {\"%s\": \"ipip\"}}}".formatted(PUBLISHED));
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
      network.awaitAdopted();
      for (String namespace : List.of("kube-flannel", "kube-system")) {
        eventually(namespace, () -> assertThat(upstream.isGone(namespace)).isTrue());
      }
    }
  }

  /** Such as one from a restored backup. */
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
      network.awaitAdopted();
    }
    DaemonSet after = Rendered.in(cluster).liveDaemonSet();
    assertThat(after.getMetadata().getAnnotations())
        .doesNotContainKey("kubectl.kubernetes.io/last-applied-configuration");
    assertThat(after.getMetadata().getManagedFields())
        .filteredOn(entry -> entry.getSubresource() == null)
        .extracting(ManagedFieldsEntry::getManager)
        .containsExactly("flannel-operator");
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

  private static Object specOf(DaemonSet daemonSet) {
    return daemonSet.getSpec();
  }
}
