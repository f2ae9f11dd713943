package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RestrictedPods;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import io.flannel.operator.testing.fakes.FakeTaskPods;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What deleting a FlannelNetwork does, and what it does not do. */
class DeletionIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  private static final String FLANNEL = "flannel.alpha.coreos.com/";

  private static final FakeTaskPods STEPS = new FakeTaskPods(cluster.client());

  @Test
  void retainLeavesEveryObjectAsItIs() {
    var network = installed("default", TestNetwork.IPIP);
    var rendered = Rendered.in(cluster);
    var before = rendered.resourceVersions();
    assertThat(network.get().getMetadata().getFinalizers()).isEmpty();

    network.delete();
    network.awaitGone();
    // The verdict on a second, refused network proves that the operator has processed the deletion.
    TestNetwork.of(cluster, "probe")
        .apply("cidr: 10.96.0.0/12\nbackend: {type: vxlan}")
        .awaitRefused("OverlapsServiceRange");

    assertThat(rendered.resourceVersions()).isEqualTo(before);
  }

  @Test
  void aNetworkOfAnotherNameTakesOverWhatWasRetainedWithoutRestartingAPod() {
    var network = installed("default", TestNetwork.IPIP);
    var rendered = Rendered.in(cluster);
    var generation = rendered.liveDaemonSet().getMetadata().getGeneration();
    var pods = podUids();
    network.delete();
    network.awaitGone();

    var heir = TestNetwork.of(cluster, "heir").apply(TestNetwork.IPIP).awaitReady();

    eventually(
        "all of it is the heir's",
        () ->
            assertThat(rendered.objects())
                .hasSize(6)
                .allMatch(
                    it -> it.getMetadata().getLabels().get("flannel.io/network").equals("heir")));
    assertThat(rendered.liveDaemonSet().getMetadata().getGeneration()).isEqualTo(generation);
    assertThat(podUids()).isEqualTo(pods);
    assertThat(heir.status().summary().leased()).isEqualTo(2);
  }

  @Test
  void cleanupRemovesAllThatWasRendered() {
    var network = installed("default", TestNetwork.IPIP + "deletionPolicy: Cleanup");
    assertThat(network.get().getMetadata().getFinalizers()).containsExactly("flannel.io/cleanup");
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.VXLAN + "deletionPolicy: Cleanup").awaitReady();
    }
    network.delete();
    awaitNodesCleaned(network);
    nothingIsLeft();
  }

  @Test
  void cleanupWaitsForAnOperatorThatIsDown() {
    var network = installed("default", TestNetwork.IPIP + "deletionPolicy: Cleanup");
    operator.process().kill();
    network.delete();
    assertThat(network.get().isMarkedForDeletion()).isTrue();
    operator.process().start().awaitReady();
    awaitNodesCleaned(network);
    nothingIsLeft();
  }

  @Test
  void thePolicyCanBeChangedAtAnyTimeAlsoWhilePaused() {
    var network = installed("default", TestNetwork.IPIP);
    network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup\npaused: true");
    eventually(
        "the finalizer", () -> assertThat(network.get().getMetadata().getFinalizers()).hasSize(1));
    network.apply(TestNetwork.IPIP + "deletionPolicy: Retain");
    eventually(
        "no finalizer", () -> assertThat(network.get().getMetadata().getFinalizers()).isEmpty());
    var before = Rendered.in(cluster).resourceVersions();
    network.delete();
    network.awaitGone();
    assertThat(Rendered.in(cluster).resourceVersions()).isEqualTo(before);
  }

  @Test
  void aRefusedNetworksDeletionLeavesTheFirstOnesObjects() {
    var network = installed("default", TestNetwork.IPIP);
    var before = Rendered.in(cluster).resourceVersions();
    var second =
        TestNetwork.of(cluster, "second").apply(TestNetwork.IPIP + "deletionPolicy: Cleanup");
    second.awaitRefused("AnotherNetworkInCharge");
    second.delete();
    second.awaitGone();
    operator.process().awaitPassAfter(() -> network.poke("look"));
    assertThat(Rendered.in(cluster).resourceVersions()).isEqualTo(before);
  }

  @Test
  void aPausedNetworkWithCleanupWaitsAndSaysWhy() {
    var network = installed("default", TestNetwork.IPIP + "deletionPolicy: Cleanup");
    network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup\npaused: true").awaitReady();
    var before = Rendered.in(cluster).resourceVersions();
    network.delete();
    eventually(
        "the reason",
        () ->
            assertThat(network.condition("Ready").orElseThrow().message())
                .contains("deleted", "spec.paused"));
    assertThat(Rendered.in(cluster).resourceVersions()).isEqualTo(before);
    network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup\npaused: false");
    awaitNodesCleaned(network);
    nothingIsLeft();
  }

  @Test
  void cleanupTakesEachNodesAnnotationsOnceItsStepIsDone() {
    var network = installed("default", TestNetwork.IPIP + "deletionPolicy: Cleanup");
    cluster
        .client()
        .nodes()
        .withName("node-2")
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\": {\"annotations\": {\"%spublic-ip-overwrite\": \"1.2.3.4\"}}}"
                .formatted(FLANNEL));
    network.delete();
    eventually("the first step", () -> assertThat(STEPS.running()).hasSize(1));
    assertThat(Rendered.in(cluster).daemonSet().get()).isNull();
    assertThat(Rendered.in(cluster).names()).isNotEmpty();
    Pod first = STEPS.running().getFirst();
    assertThat(first.getSpec().getNodeName()).isEqualTo("node-1");
    assertThat(annotations("node-1")).isNotEmpty();
    eventually(
        "it is told",
        () ->
            assertThat(network.condition("Ready").orElseThrow())
                .satisfies(
                    ready -> {
                      assertThat(ready.reason()).isEqualTo("Cleaning");
                      assertThat(ready.message())
                          .isEqualTo("flannel is still to be taken off nodes node-1 and node-2");
                    }));
    STEPS.end(first, true, "nothing of flannel is left");
    eventually("withdrawn", () -> assertThat(annotations("node-1")).isEmpty());
    awaitNodesCleaned(network);
    assertThat(annotations("node-2")).containsExactly(FLANNEL + "public-ip-overwrite");
    eventually("no pod", () -> assertThat(STEPS.pods()).isEmpty());
    assertThat(network.eventReasons()).doesNotContain("NodesNotCleaned");
  }

  /** Without a CNI configuration a node is NotReady: the task causes that before it has ended. */
  @ParameterizedTest
  @ValueSource(strings = {"False", "Unknown"})
  void aNodeThatIsNotReadyOnceItsStepHasBegunIsCleanedAsWell(String ready) {
    var network = installed("default", TestNetwork.IPIP + "deletionPolicy: Cleanup");
    network.delete();
    eventually("the first step", () -> assertThat(STEPS.running()).hasSize(1));
    Pod first = STEPS.running().getFirst();
    assertThat(first.getSpec().getNodeName()).isEqualTo("node-1");
    ready("node-1", ready);
    operator.process().awaitPassAfter(() -> network.poke("look"));
    STEPS.end(first, true, "nothing of flannel is left");
    awaitNodesCleaned(network);
    assertThat(annotations("node-1")).isEmpty();
    assertThat(annotations("node-2")).isEmpty();
    assertThat(network.eventReasons()).doesNotContain("NodesNotCleaned");
  }

  /** k3s has an embedded flannel, and others a DaemonSet with another name. */
  @Test
  void aNetworkThatNeverRanLeavesSomebodyElsesFlannelAlone() {
    TestCluster.node(1).create(cluster.client());
    var network =
        TestNetwork.of(cluster, "default")
            .apply("cidr: 10.96.0.0/12\nbackend: {type: vxlan}\ndeletionPolicy: Cleanup");
    network.awaitRefused("OverlapsServiceRange");
    eventually(
        "the finalizer", () -> assertThat(network.get().getMetadata().getFinalizers()).hasSize(1));
    TestCluster.node(1).lease("vxlan", "null", "192.168.0.1").update(cluster.client());
    List<String> before = annotations("node-1");
    assertThat(before).isNotEmpty();
    network.delete();
    network.awaitGone();
    assertThat(annotations("node-1")).isEqualTo(before);
    assertThat(STEPS.pods()).isEmpty();
  }

  @Test
  @Tag("slow") // the operator gives up after two minutes
  void deletionGoesOnAndTellsWhyWhereNoTaskCanBeMade() {
    var network = installed("default", TestNetwork.IPIP + "deletionPolicy: Cleanup");
    try (var ignored = RestrictedPods.in(cluster)) {
      network.delete();
      network.awaitGone();
    }
    assertThat(network.events())
        .anySatisfy(
            event ->
                assertThat(event)
                    .startsWith("NodesNotCleaned")
                    .contains("nodes node-1 and node-2", "PodSecurity"));
    nothingIsLeft();
  }

  /** flanneld would recreate what is removed while it runs. */
  @Test
  @Tag("slow") // the operator waits two minutes for flannel's pods
  void aNodeWhoseFlannelPodDoesNotEndIsNotCleanedAndNamed() {
    var network = installed("default", TestNetwork.IPIP + "deletionPolicy: Cleanup");
    Pod held =
        cluster.client().pods().inNamespace(TestCluster.FLANNEL).list().getItems().stream()
            .filter(pod -> TestCluster.nodeOf(pod).equals("node-1"))
            .findFirst()
            .orElseThrow();
    finalizers(held, "\"example.org/held\"");
    try {
      network.delete();
      eventually(
          "the other node's step",
          () ->
              assertThat(STEPS.running())
                  .extracting(pod -> pod.getSpec().getNodeName())
                  .containsExactly("node-2"));
      awaitNodesCleaned(network);
    } finally {
      finalizers(held, "");
    }
    assertThat(annotations("node-2")).isEmpty();
    assertThat(annotations("node-1")).isNotEmpty();
    assertThat(network.events())
        .anySatisfy(
            event ->
                assertThat(event)
                    .startsWith("NodesNotCleaned")
                    .contains("node node-1 (node-1: its flannel pod has not ended)"));
  }

  private static void finalizers(Pod pod, String json) {
    cluster
        .client()
        .pods()
        .resource(pod)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\": {\"finalizers\": [%s]}}".formatted(json));
  }

  private static void ready(String node, String status) {
    cluster
        .client()
        .nodes()
        .withName(node)
        .subresource("status")
        .patch(
            PatchContext.of(PatchType.STRATEGIC_MERGE),
            "{\"status\": {\"conditions\": [{\"type\": \"Ready\", \"status\": \"%s\"}]}}"
                .formatted(status));
  }

  private static List<String> annotations(String node) {
    return cluster
        .client()
        .nodes()
        .withName(node)
        .get()
        .getMetadata()
        .getAnnotations()
        .keySet()
        .stream()
        .filter(key -> key.startsWith(FLANNEL))
        .toList();
  }

  /**
   * Ends the tasks, as the nodes' kubelets and flannel's image would, until the network is gone.
   */
  private static void awaitNodesCleaned(TestNetwork network) {
    eventually(
        network.name() + " is gone",
        () -> {
          STEPS.endAll();
          assertThat(network.exists()).isFalse();
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void aNetworkThatIsMadeAgainUnderTheSameNameIsNotOverlooked(int writes) {
    var network = TestNetwork.of(cluster, "default");
    var before = cluster.api().audit().mark();
    network.apply(TestNetwork.IPIP);
    // Delete it when its reconciliation is about this far.
    eventually(
        writes + " writes",
        () -> assertThat(cluster.writes(before)).hasSizeGreaterThanOrEqualTo(writes));
    network.delete();
    network.apply(TestNetwork.VXLAN);
    network.awaitConditions("Accepted=T Ready=F Reconciling=F Stalled=F");
    network.delete();
  }

  @Test
  void deletionAndRecreationWhileTheOperatorStartsAreNotMissed() {
    for (int i = 0; i < 5; i++) {
      var network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP);
      operator.process().restart();
      network.delete();
      network.apply(TestNetwork.VXLAN);
      network.awaitConditions("Accepted=T Ready=F Reconciling=F Stalled=F");
    }
  }

  private static TestNetwork installed(String name, String spec) {
    cluster.nodes(2);
    var network = TestNetwork.of(cluster, name);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(spec).awaitReady();
    }
    return network;
  }

  private static List<String> podUids() {
    return cluster.client().pods().inNamespace(TestCluster.FLANNEL).list().getItems().stream()
        .map(pod -> pod.getMetadata().getUid())
        .sorted()
        .toList();
  }

  private static void nothingIsLeft() {
    eventually("nothing", () -> assertThat(Rendered.in(cluster).names()).isEmpty());
  }
}
