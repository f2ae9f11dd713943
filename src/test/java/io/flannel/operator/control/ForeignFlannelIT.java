package io.flannel.operator.control;

import static io.flannel.operator.testing.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.overlay.ForeignInstalls;
import io.flannel.operator.overlay.Installs;
import io.flannel.operator.testing.AuditLog;
import io.flannel.operator.testing.FakeKubelets;
import io.flannel.operator.testing.Rendered;
import io.flannel.operator.testing.RunningOperator;
import io.flannel.operator.testing.TestCluster;
import io.flannel.operator.testing.TestNetwork;
import io.flannel.operator.testing.UpstreamFlannel;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A flannel that is not ours and can't be taken over: the network is refused and nothing is written
 * of it, and it goes on by itself when that flannel is gone. A network in force is never refused.
 */
class ForeignFlannelIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  private static final String CONFIRM =
      "kubectl annotate fnet default flannel.io/confirm-no-other-flannel=true";

  private static final String HOSTILE = "hostile";

  private final TestNetwork network = TestNetwork.of(cluster, "default");

  @AfterEach
  void accountsAreGone() {
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
    List<String> subjects = subjects();
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup");
    network.awaitRefused(
        "ForeignFlannel",
        "DaemonSet kube-system/" + foreign.getMetadata().getName(),
        "container kube-flannel",
        "kubectl -n kube-system delete daemonset " + foreign.getMetadata().getName());
    nothingIsWrittenSince(mark);
    assertThat(subjects()).isEqualTo(subjects);
    assertThat(network.get().getMetadata().getFinalizers()).isEmpty();

    cluster.client().resource(foreign).delete();
    if (!subjects.isEmpty()) {
      network.awaitRefused(
          "ForeignFlannel",
          "ClusterRoleBinding flannel",
          "ServiceAccount kube-system/flannel",
          "kubectl delete clusterrolebinding flannel",
          CONFIRM);
      nothingIsWrittenSince(mark);
      cluster.client().rbac().clusterRoleBindings().withName("flannel").delete();
    }
    awaitInstalled();
    assertThat(network.get().getMetadata().getFinalizers()).containsExactly("flannel.io/cleanup");
  }

  @Test
  void theBindingOfAFlannelThatIsGoneIsNoObstacleOnceItsAccountIsGoneOrItIsConfirmed() {
    cluster.nodes(1);
    ServiceAccount account = account("flannel");
    bind("kube-system", "flannel");
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.IPIP).awaitRefused("ForeignFlannel", "kube-system/flannel", CONFIRM);
    nothingIsWrittenSince(mark);
    cluster.client().resource(account).delete();
    awaitInstalled();
    assertThat(subjects()).containsExactly("kube-flannel/flannel");
  }

  @Test
  void soItIsWithAnAccountOfAnotherName() {
    cluster.nodes(1);
    ServiceAccount account = account("canal");
    bind("kube-system", "canal");
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.IPIP).awaitRefused("ForeignFlannel", "kube-system/canal");
    nothingIsWrittenSince(mark);
    assertThat(subjects()).containsExactly("kube-system/canal");
    cluster.client().resource(account).delete();
    network.poke("nobody tells that an account of that name is gone");
    awaitInstalled();
  }

  @Test
  void aUserOfTheBindingIsConfirmedToBeLeftOver() {
    cluster.nodes(1);
    ClusterRoleBinding binding = binding();
    binding.setSubjects(
        List.of(
            new io.fabric8.kubernetes.api.model.rbac.Subject(
                "rbac.authorization.k8s.io", "User", "flannel", null)));
    cluster.client().resource(binding).create();
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.IPIP).awaitRefused("ForeignFlannel", "User flannel", CONFIRM);
    nothingIsWrittenSince(mark);
    network.confirmNoOtherFlannel();
    awaitInstalled();
    assertThat(subjects()).containsExactly("kube-flannel/flannel");
  }

  /** The API server lets any text be a user's name. */
  @Test
  void subjectsThatNobodyCanBeStopNoPass() {
    cluster.nodes(1);
    cluster
        .client()
        .resource(bound(user("system:serviceaccount::"), user("system:serviceaccount::x")))
        .create();
    network.apply(TestNetwork.IPIP);
    network.awaitRefused("ForeignFlannel", "User system:serviceaccount::", CONFIRM);
    network.confirmNoOtherFlannel();
    awaitInstalled();
    assertThat(subjects()).containsExactly("kube-flannel/flannel");
    assertThat(operator.process().stackTraces()).isEmpty();
  }

  @Test
  void ofManySubjectsAFewAreAskedFor() {
    cluster.nodes(1);
    cluster
        .client()
        .resource(
            bound(
                IntStream.range(0, 5_000)
                    .mapToObj(
                        i -> new Subject(null, "ServiceAccount", "account-" + i, "kube-system"))
                    .toArray(Subject[]::new)))
        .create();
    network.apply(TestNetwork.IPIP).awaitRefused("ForeignFlannel", "ClusterRoleBinding flannel");
    var mark = cluster.api().audit().mark();
    operator.process().awaitPassAfter(() -> network.poke("look again"));
    assertThat(cluster.api().audit().since(mark))
        .filteredOn(request -> request.resource().equals("serviceaccounts"))
        .filteredOn(request -> request.name().startsWith("account-"))
        .hasSizeBetween(1, 1_000);
  }

  @Test
  void nodesThatAFlannelPublishedAreConfirmedToBeLeftOver() {
    TestCluster.node(1).lease("vxlan", "null", "192.168.0.1").create(cluster.client());
    TestCluster.node(2).create(cluster.client());
    // What is bound to nobody is no obstacle by itself.
    bind("kube-system", "flannel");
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.IPIP);
    network.awaitRefused("ForeignFlannel", "node node-1 has", "pgrep -a flanneld", CONFIRM);
    nothingIsWrittenSince(mark);
    network.annotate("flannel.io/confirm-no-other-flannel", "yes");
    operator.process().awaitPassAfter(() -> network.poke("look again"));
    assertThat(network.conditions()).startsWith("Accepted=F");
    network.confirmNoOtherFlannel();
    awaitInstalled();
  }

  @Test
  void k3sRunsItInItsOwnProcessUnlessItIsToldNotTo() {
    TestCluster.node(1).kubelet("v1.35.4+k3s1").create(cluster.client());
    network.apply(TestNetwork.IPIP);
    awaitInstalled();

    cluster.empty();
    TestCluster.node(1)
        .kubelet("v1.35.4+k3s1")
        .lease("vxlan", "null", "192.168.0.1")
        .create(cluster.client());
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.IPIP + "paused: true");
    network.awaitRefused(
        "ForeignFlannel", "v1.35.4+k3s1", "start k3s with --flannel-backend=none first", CONFIRM);
    nothingIsWrittenSince(mark);
    network.apply(TestNetwork.IPIP).confirmNoOtherFlannel();
    awaitInstalled();
  }

  @Test
  void aNetworkInForceIsToldAndPutsItsDaemonSetBack() {
    installed();
    UpstreamFlannel.in(cluster).installForeign("talos");
    eventually(
        "both have flannel's rights",
        () ->
            assertThat(subjects())
                .containsExactlyInAnyOrder("kube-flannel/flannel", "kube-system/flannel"));
    eventually(
        "it is told",
        () ->
            assertThat(network.condition("Accepted").orElseThrow().message())
                .contains("beside this one", "DaemonSet kube-system/kube-flannel"));
    assertThat(network.conditions()).startsWith("Accepted=T");
    putsItBack(() -> Rendered.in(cluster).daemonSet().delete());
  }

  @Test
  void whatAnybodyWritesIntoADaemonSetStopsNoWatch() {
    installed();
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

  /** With what a flannel published on the nodes. */
  @Test
  void soItDoesWhateverElseIsLost() {
    installed();
    putsItBack(
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
    putsItBack(() -> Rendered.in(cluster).namespace().delete());
  }

  /** Since that one was deleted, another flannel may have come, as a process of the nodes. */
  @ParameterizedTest
  @ValueSource(strings = {"default", "heir"})
  void whatADeletedNetworkLeftOnTheNodesIsConfirmedToBeLeftOver(String name) {
    installed();
    network.delete();
    network.awaitGone();
    // Before it learns that the network is gone, it would put its DaemonSet back.
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
    installed();
    network.delete();
    network.awaitGone();
    TestNetwork heir = TestNetwork.of(cluster, "heir").apply(TestNetwork.IPIP);
    eventually("accepted", () -> assertThat(heir.conditions()).startsWith("Accepted=T"));
    assertThat(heir.eventReasons()).doesNotContain("ForeignFlannel");
  }

  /** A tenant's DaemonSet says that it is being taken over, by whichever hand. */
  @ParameterizedTest
  @ValueSource(strings = {"kubectl", "flannel-operator"})
  void aForgedMarkGivesNoRightsAndRefusesNothing(String manager) {
    installed();
    tenant();
    DaemonSet forged = Installs.daemonSet("manifest-v0.28");
    forged.getMetadata().setNamespace("tenant");
    forged.getMetadata().setAnnotations(Map.of("flannel.io/adopted-by", "default"));
    forged.getMetadata().setLabels(Map.of("flannel.io/network", "default"));
    forged.getSpec().getTemplate().getSpec().setServiceAccountName("evil");
    cluster.client().resource(forged).fieldManager(manager).serverSideApply();
    eventually(
        "told",
        () ->
            assertThat(network.condition("Accepted").orElseThrow().message())
                .contains("beside this one", "DaemonSet tenant/kube-flannel-ds"));
    putsItBack(() -> Rendered.in(cluster).daemonSet().delete());
    assertThat(network.conditions()).startsWith("Accepted=T");
    assertThat(network.status().adoption()).isNull();
    assertThat(subjects()).containsExactly("kube-flannel/flannel");
    assertThat(cluster.client().resource(forged).get().getMetadata().getGeneration()).isEqualTo(1);

    // Nor does it let another in.
    cluster.empty();
    tenant();
    cluster.nodes(1);
    cluster.client().resource(forged).fieldManager(manager).serverSideApply();
    UpstreamFlannel.in(cluster).installForeign("talos");
    List<String> subjects = subjects();
    network.apply(TestNetwork.IPIP).awaitRefused("ForeignFlannel", "kube-system/kube-flannel");
    assertThat(subjects()).isEqualTo(subjects);
  }

  @Test
  void aCleanupLeavesWhatSomebodyElseMarked() {
    cluster.nodes(1);
    tenant();
    network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup");
    awaitInstalled();
    DaemonSet strangers = Installs.daemonSet("manifest-v0.28");
    strangers.getMetadata().setNamespace("tenant");
    strangers.getMetadata().setAnnotations(Map.of("flannel.io/adopted-by", "default"));
    strangers.getMetadata().setLabels(Map.of("flannel.io/network", "default"));
    cluster.client().resource(strangers).fieldManager("kubectl").serverSideApply();
    network.delete();
    network.awaitGone();
    assertThat(Rendered.in(cluster).daemonSet().get()).isNull();
    assertThat(cluster.client().resource(strangers).get())
        .isNotNull()
        .satisfies(it -> assertThat(it.isMarkedForDeletion()).isFalse());
  }

  /** As after a restore from a backup, or by a person's hand. */
  @Test
  void ourDaemonSetIsOursThoughNobodyKnowsWhoWroteIt() {
    cluster.nodes(2);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network
          .apply(TestNetwork.IPIP + "flannel: {resources: {limits: {memory: 1Gi}}}")
          .awaitReady();
      DaemonSet before = Rendered.in(cluster).liveDaemonSet();
      cluster
          .client()
          .resource(before)
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              "{\"metadata\": {\"managedFields\": [{}], \"labels\": null}}");
      eventually(
          "ours again",
          () -> {
            DaemonSet now = Rendered.in(cluster).liveDaemonSet();
            assertThat(now.getMetadata().getUid()).isEqualTo(before.getMetadata().getUid());
            assertThat(now.getMetadata().getLabels()).isEqualTo(before.getMetadata().getLabels());
            assertThat(now.getSpec()).isEqualTo(before.getSpec());
            assertThat(now.getMetadata().getManagedFields())
                .filteredOn(entry -> entry.getSubresource() == null)
                .extracting(ManagedFieldsEntry::getManager)
                .containsExactly("flannel-operator");
          });
      network.apply(TestNetwork.IPIP);
      eventually(
          "what is rendered no more goes",
          () ->
              assertThat(
                      Rendered.in(cluster)
                          .liveDaemonSet()
                          .getSpec()
                          .getTemplate()
                          .getSpec()
                          .getContainers()
                          .getFirst()
                          .getResources()
                          .getLimits())
                  .isNullOrEmpty());
      network.awaitReady();
    }
    assertThat(network.eventReasons()).doesNotContain("AdoptionUnsupported", "ForeignFlannel");
  }

  private void putsItBack(Runnable loss) {
    String before = Rendered.in(cluster).liveDaemonSet().getMetadata().getUid();
    loss.run();
    eventually(
        "put back",
        () -> {
          assertThat(network.conditions()).startsWith("Accepted=T");
          assertThat(Rendered.in(cluster).daemonSet().get())
              .isNotNull()
              .satisfies(now -> assertThat(now.getMetadata().getUid()).isNotEqualTo(before));
        });
    assertThat(network.eventReasons()).doesNotContain("ForeignFlannel");
  }

  private void installed() {
    cluster.nodes(2);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.IPIP).awaitReady();
    }
  }

  private void awaitInstalled() {
    eventually("accepted", () -> assertThat(network.conditions()).startsWith("Accepted=T"));
    eventually("flannel", () -> assertThat(Rendered.in(cluster).daemonSet().get()).isNotNull());
  }

  private void nothingIsWrittenSince(AuditLog.Mark mark) {
    operator.process().awaitPassAfter(() -> network.poke("look again"));
    assertThat(cluster.writes(mark))
        .extracting(AuditLog.Request::resource)
        .containsOnly("flannelnetworks/status", "events");
    assertThat(cluster.client().resources(FlannelNode.class).list().getItems()).isEmpty();
  }

  private static ServiceAccount account(String name) {
    return account("kube-system", name);
  }

  private static ServiceAccount account(String namespace, String name) {
    ServiceAccount account =
        new ServiceAccountBuilder()
            .withNewMetadata()
            .withNamespace(namespace)
            .withName(name)
            .endMetadata()
            .build();
    return cluster.client().resource(account).serverSideApply();
  }

  private static void tenant() {
    cluster
        .client()
        .resource(new NamespaceBuilder().withNewMetadata().withName("tenant").endMetadata().build())
        .serverSideApply();
    account("tenant", "evil");
  }

  private static ClusterRoleBinding binding() {
    return new ClusterRoleBindingBuilder()
        .withNewMetadata()
        .withName("flannel")
        .endMetadata()
        .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", "flannel")
        .build();
  }

  private static Subject user(String name) {
    return new Subject("rbac.authorization.k8s.io", "User", name, null);
  }

  private static ClusterRoleBinding bound(Subject... subjects) {
    return binding().edit().withSubjects(subjects).build();
  }

  private static void bind(String namespace, String account) {
    cluster
        .client()
        .resource(
            binding()
                .edit()
                .addNewSubject()
                .withKind("ServiceAccount")
                .withNamespace(namespace)
                .withName(account)
                .endSubject()
                .build())
        .create();
  }

  /** Of the binding; none where there is no binding. */
  private static List<String> subjects() {
    ClusterRoleBinding binding = Rendered.in(cluster).clusterRoleBinding().get();
    return binding == null
        ? List.of()
        : binding.getSubjects().stream()
            .map(
                subject -> subject.getNamespace() + "/" + Objects.requireNonNull(subject.getName()))
            .toList();
  }
}
