package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import io.flannel.operator.testing.fakes.FakeNodes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * An operator that renders flannel's pods differently than its predecessor replaces each of them
 * once. The test simulates the predecessor: it writes the previous revision's template and opens
 * readiness gates.
 */
class OperatorUpgradeIT {
  private static final String WIREGUARD =
      """
      cidr: 10.244.0.0/16
      backend: {type: wireguard}
      health: {interval: 1s, failAfter: 2}
      """;

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  private TestNetwork network;
  private AuditLog.Mark upgraded;

  @BeforeEach
  void network() {
    network = TestNetwork.of(cluster, "default");
  }

  @Test
  void eachPodIsReplacedOnce() {
    installedByTheOneBefore(TestNetwork.VXLAN);
    start();
    awaitThisOnesPods();
    assertThat(podsMade()).isEqualTo(3);
    assertThat(network.status().rollout().phase()).isEqualTo(Phase.COMPLETE);

    operator.process().awaitPassAfter(() -> network.poke("upgraded"));
    assertThat(podsMade()).isEqualTo(3);
  }

  @Test
  void nodesThatWaitInMidRolloutChangeOnce() {
    installedByTheOneBefore(TestNetwork.VXLAN);
    network.apply(TestNetwork.IPIP);
    write(TestNetwork.IPIP, "before-ipip", "before-vxlan");
    eventually("the first node", () -> assertThat(pods("before-ipip")).hasSize(1));
    start();
    awaitThisOnesPods();
    assertThat(podsMade()).isEqualTo(3);
    assertThat(network.status().nodes()).allMatch(node -> "ipip".equals(node.backend()));
    assertThat(network.eventReasons()).doesNotContain("RolledBack", "RolloutFailed");
  }

  @Test
  void disruptiveUpgradeIsRefusedUntilItIsAllowed() {
    installedByTheOneBefore(WIREGUARD);
    start();
    network.awaitRefused(
        "DisruptiveChange", "differ in nothing that the spec says", "wireguard device");
    assertThat(podsMade()).isZero();

    network.apply(WIREGUARD + "rollout: {disruption: Allow}");
    awaitThisOnesPods();
    assertThat(podsMade()).isEqualTo(3);
  }

  /** Installs a network that is Ready in its status, and whose pods have the previous revision. */
  private void installedByTheOneBefore(String spec) {
    network.apply(spec).awaitReady();
    operator.process().stop();
    String revision = "before-" + Networks.wanted(spec).backend().type().wireName();
    write(spec, revision, revision);
    eventually(
        "pods of the one before",
        () -> {
          pods(revision).forEach(OperatorUpgradeIT::openGate);
          assertThat(pods(revision)).hasSize(3).allMatch(pod -> FakeKubelets.is(pod, "Ready"));
        });
  }

  private void start() {
    upgraded = cluster.api().audit().mark();
    operator.process().start().awaitReady();
  }

  /** Returns how many of flannel's pods were created since the operator's start. */
  private long podsMade() {
    return cluster.api().audit().since(upgraded).stream()
        .filter(request -> request.verb().equals("create") && request.isWrite())
        .filter(request -> request.resource().equals("pods"))
        .filter(request -> request.namespace().equals(TestCluster.FLANNEL))
        .count();
  }

  /** Applies what the previous operator rendered for a spec. */
  private static void write(String spec, String revision, String previous) {
    DesiredNetwork network = Networks.wanted(spec);
    List<HasMetadata> objects = new ArrayList<>(Flannel.foundation(network));
    objects.add(
        Flannel.daemonSet(
            network,
            templateBefore(network, revision),
            new RolloutAnnotations(
                revision, Optional.empty(), Optional.of(previous), Set.of(), Optional.empty()),
            "1"));
    objects.forEach(
        object ->
            cluster
                .client()
                .resource(object)
                .fieldManager(FieldOwnership.FIELD_MANAGER)
                .forceConflicts()
                .serverSideApply());
  }

  private static PodTemplateSpec templateBefore(DesiredNetwork network, String revision) {
    return Flannel.template(network)
        .edit()
        .editMetadata()
        .addToAnnotations(RolloutAnnotations.REVISION, revision)
        .endMetadata()
        .editSpec()
        .withAffinity(
            new AffinityBuilder()
                .withNewPodAntiAffinity()
                .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                .withNewLabelSelector()
                .withMatchLabels(Map.of("app", "flannel"))
                .endLabelSelector()
                .withNewNamespaceSelector()
                .addNewMatchExpression()
                .withKey("kubernetes.io/metadata.name")
                .withOperator("NotIn")
                .withValues(TestCluster.FLANNEL)
                .endMatchExpression()
                .endNamespaceSelector()
                .withTopologyKey("kubernetes.io/hostname")
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endPodAntiAffinity()
                .build())
        .endSpec()
        .build();
  }

  private void awaitThisOnesPods() {
    eventually(
        "this one's pods, open",
        () ->
            assertThat(cluster.flannelPods())
                .hasSize(3)
                .allMatch(
                    pod -> !revision(pod).startsWith("before") && FakeKubelets.is(pod, "Ready")));
    network.awaitReady();
  }

  private static List<Pod> pods(String revision) {
    return cluster.flannelPods().filter(pod -> revision(pod).equals(revision)).toList();
  }

  private static String revision(Pod pod) {
    return pod.getMetadata().getAnnotations().get(RolloutAnnotations.REVISION);
  }

  private static void openGate(Pod pod) {
    if (!FakeKubelets.is(pod, "ContainersReady") || FakeKubelets.is(pod, RolloutAnnotations.GATE)) {
      return;
    }
    cluster
        .client()
        .pods()
        .inNamespace(TestCluster.FLANNEL)
        .withName(pod.getMetadata().getName())
        .subresource("status")
        .patch(
            PatchContext.of(PatchType.STRATEGIC_MERGE),
            """
            {"status": {"conditions": [{"type": "%s", "status": "True"}]}}
            """
                .formatted(RolloutAnnotations.GATE));
  }
}
