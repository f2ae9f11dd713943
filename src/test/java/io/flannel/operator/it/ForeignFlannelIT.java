package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.flannel.ForeignInstalls;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.cluster.UpstreamFlannel;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A foreign flannel that can't be adopted: the network is refused, nothing of it is written, and it
 * continues by itself when that flannel is gone. A network in force is never refused.
 */
class ForeignFlannelIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  private static final String HOSTILE = "hostile";

  private final TestNetwork network = TestNetwork.of(cluster, "default");
  private final Accounts accounts = Accounts.in(cluster);
  private final Installation flannel = new Installation(cluster, operator, network);

  @AfterEach
  void foreignObjectsAreGone() {
    cluster.client().apps().daemonSets().inNamespace("kube-system").withLabel(HOSTILE).delete();
    cluster.client().serviceAccounts().inNamespace("kube-system").withName("canal").delete();
    cluster.client().rbac().clusterRoleBindings().withName("canal-flannel").delete();
  }

  @ParameterizedTest
  @ValueSource(strings = {"talos", "rke2-canal", "kube-flannel-ds-amd64"})
  void aDaemonSetOfAnyNameUntilItIsGone(String install) {
    cluster.withoutNamespace();
    cluster.nodes(2);
    UpstreamFlannel.in(cluster).installForeign(install);
    DaemonSet foreign = ForeignInstalls.daemonSet(install);
    List<String> subjects = Rendered.in(cluster).subjects();
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup");
    network.awaitRefused(
        "ForeignFlannel",
        "DaemonSet kube-system/" + foreign.getMetadata().getName(),
        "container kube-flannel",
        "kubectl -n kube-system delete daemonset " + foreign.getMetadata().getName());
    flannel.nothingIsWrittenSince(mark);
    assertThat(Rendered.in(cluster).subjects()).isEqualTo(subjects);
    assertThat(network.get().getMetadata().getFinalizers()).isEmpty();

    cluster.client().resource(foreign).delete();
    if (!subjects.isEmpty()) {
      network.awaitRefused(
          "ForeignFlannel",
          "ClusterRoleBinding flannel",
          "ServiceAccount kube-system/flannel",
          "kubectl delete clusterrolebinding flannel",
          Installation.CONFIRM);
      flannel.nothingIsWrittenSince(mark);
      cluster.client().rbac().clusterRoleBindings().withName("flannel").delete();
    }
    flannel.awaitInstalled();
    assertThat(network.get().getMetadata().getFinalizers()).containsExactly("flannel.io/cleanup");
  }

  @Test
  void nodesThatAFlannelPublishedAreConfirmedToBeLeftOver() {
    TestCluster.node(1).lease("vxlan", "null", "192.168.0.1").create(cluster.client());
    TestCluster.node(2).create(cluster.client());
    // A binding to an account that does not exist is no obstacle by itself.
    accounts.bind("kube-system", "flannel");
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.IPIP);
    network.awaitRefused(
        "ForeignFlannel", "node node-1 has", "pgrep -a flanneld", Installation.CONFIRM);
    flannel.nothingIsWrittenSince(mark);
    network.annotate("flannel.io/confirm-no-other-flannel", "yes");
    operator.process().awaitPassAfter(() -> network.poke("look again"));
    assertThat(network.conditions()).startsWith("Accepted=F");
    network.confirmNoOtherFlannel();
    flannel.awaitInstalled();
  }

  @Test
  void k3sRunsItInItsOwnProcessUnlessItIsToldNotTo() {
    TestCluster.node(1).kubelet("v1.35.4+k3s1").create(cluster.client());
    network.apply(TestNetwork.IPIP);
    flannel.awaitInstalled();

    cluster.empty();
    TestCluster.node(1)
        .kubelet("v1.35.4+k3s1")
        .lease("vxlan", "null", "192.168.0.1")
        .create(cluster.client());
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.IPIP + "paused: true");
    network.awaitRefused(
        "ForeignFlannel",
        "v1.35.4+k3s1",
        "start k3s with --flannel-backend=none first",
        Installation.CONFIRM);
    flannel.nothingIsWrittenSince(mark);
    network.apply(TestNetwork.IPIP).confirmNoOtherFlannel();
    flannel.awaitInstalled();
  }

  @Test
  void aDaemonSetWithoutPodsIsConfirmedToBeLeftOver() {
    cluster.nodes(1);
    UpstreamFlannel.in(cluster).installForeign("talos");
    var daemonSet =
        cluster.client().apps().daemonSets().inNamespace("kube-system").withName("kube-flannel");
    network.apply(TestNetwork.IPIP);
    network.awaitRefused("ForeignFlannel", "DaemonSet kube-system/kube-flannel", "undo each other");
    daemonSet.edit(
        live ->
            live.edit()
                .editSpec()
                .editTemplate()
                .editSpec()
                .addToNodeSelector("example.org/none", "true")
                .endSpec()
                .endTemplate()
                .endSpec()
                .build());
    network.awaitRefused("ForeignFlannel", "has no pods now", Installation.CONFIRM);
    cluster.client().rbac().clusterRoleBindings().withName("flannel").delete();
    network.confirmNoOtherFlannel();
    flannel.awaitInstalled();
  }

  @Test
  void aNetworkInForceIsToldAndPutsItsDaemonSetBack() {
    flannel.install();
    UpstreamFlannel.in(cluster).installForeign("talos");
    eventually(
        "both have flannel's rights",
        () ->
            assertThat(Rendered.in(cluster).subjects())
                .containsExactlyInAnyOrder("kube-flannel/flannel", "kube-system/flannel"));
    eventually(
        "it is told",
        () ->
            assertThat(network.condition("Accepted").orElseThrow().message())
                .contains("beside this one", "DaemonSet kube-system/kube-flannel"));
    assertThat(network.conditions()).startsWith("Accepted=T");
    flannel.putsItBack(() -> Rendered.in(cluster).daemonSet().delete());
  }

  /** Even though flannel has published annotations on the nodes. */
  @Test
  void soItDoesWhateverElseIsLost() {
    flannel.install();
    flannel.putsItBack(
        () -> {
          operator.process().kill();
          cluster
              .client()
              .resources(FlannelNetwork.class)
              .withName("default")
              .subresource("status")
              .patch(PatchContext.of(PatchType.JSON_MERGE), "{\"status\": null}");
          Rendered.in(cluster).daemonSet().delete();
          operator.process().start().awaitReady();
        });
    flannel.putsItBack(() -> Rendered.in(cluster).namespace().delete());
  }

  @Test
  void whatAnybodyWritesIntoADaemonSetStopsNoWatch() {
    flannel.install();
    hostile("arm", "flannel" + "-arm".repeat(5_000), "x");
    hostile("at", "@".repeat(500_000) + "\nx", "x");
    hostile("script", "flannel", "if flanneld; ".repeat(50_000));
    UpstreamFlannel.in(cluster).installForeign("talos");
    eventually(
        "what came after them is told",
        () ->
            assertThat(network.condition("Accepted").orElseThrow().message())
                .contains("DaemonSet kube-system/kube-flannel"));
    assertThat(network.conditions()).startsWith("Accepted=T");
    assertThat(operator.process().stackTraces()).isEmpty();
  }

  private static void hostile(String name, String image, String script) {
    cluster
        .client()
        .resource(
            new DaemonSetBuilder()
                .withNewMetadata()
                .withName("hostile-" + name)
                .withNamespace("kube-system")
                .addToLabels(HOSTILE, "true")
                .endMetadata()
                .withNewSpec()
                .withNewSelector()
                .addToMatchLabels("any", name)
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("any", name)
                .endMetadata()
                .withNewSpec()
                .addToNodeSelector("on", "no-node")
                .addNewContainer()
                .withName("any")
                .withImage(image)
                .withCommand("/bin/sh", "-c", script)
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build())
        .create();
  }

  /** After the deletion another flannel may have been installed, as a process on the nodes. */
  @ParameterizedTest
  @ValueSource(strings = {"default", "heir"})
  void whatADeletedNetworkLeftOnTheNodesIsConfirmedToBeLeftOver(String name) {
    flannel.install();
    network.delete();
    network.awaitGone();
    // An operator that has not yet seen the deletion would recreate the DaemonSet.
    operator.process().kill();
    Rendered.in(cluster).daemonSet().delete();
    TestNetwork heir = TestNetwork.of(cluster, name).apply(TestNetwork.IPIP);
    operator.process().start().awaitReady();
    heir.awaitRefused("ForeignFlannel", "nodes node-1 and node-2 have", "pgrep -a flanneld");
    heir.confirmNoOtherFlannel();
    eventually("put back", () -> assertThat(Rendered.in(cluster).daemonSet().get()).isNotNull());
    eventually("accepted", () -> assertThat(heir.conditions()).startsWith("Accepted=T"));
  }

  @Test
  void anotherNetworkTakesOverWhatOneLeft() {
    flannel.install();
    network.delete();
    network.awaitGone();
    TestNetwork heir = TestNetwork.of(cluster, "heir").apply(TestNetwork.IPIP);
    eventually("accepted", () -> assertThat(heir.conditions()).startsWith("Accepted=T"));
    assertThat(heir.eventReasons()).doesNotContain("ForeignFlannel");
  }
}
