package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.cluster.UpstreamFlannel;
import io.flannel.operator.testing.fakes.FakeKubelets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adoption marks that somebody else wrote, and marks of ours that somebody removed. */
class ForgedMarksIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  private final TestNetwork network = TestNetwork.of(cluster, "default");
  private final Accounts accounts = Accounts.in(cluster);
  private final Installation flannel = new Installation(cluster, operator, network);

  /** A tenant's DaemonSet claims to be adopted, whichever field manager wrote it. */
  @ParameterizedTest
  @ValueSource(strings = {"kubectl", "flannel-operator"})
  void aForgedMarkGivesNoRightsAndRefusesNothing(String manager) {
    flannel.install();
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
    flannel.putsItBack(() -> Rendered.in(cluster).daemonSet().delete());
    assertThat(network.conditions()).startsWith("Accepted=T");
    assertThat(network.status().adoption()).isNull();
    assertThat(Rendered.in(cluster).subjects()).containsExactly("kube-flannel/flannel");
    assertThat(cluster.client().resource(forged).get().getMetadata().getGeneration()).isEqualTo(1);

    // The forged mark does not let another flannel in either.
    cluster.empty();
    tenant();
    cluster.nodes(1);
    cluster.client().resource(forged).fieldManager(manager).serverSideApply();
    UpstreamFlannel.in(cluster).installForeign("talos");
    List<String> subjects = Rendered.in(cluster).subjects();
    network.apply(TestNetwork.IPIP).awaitRefused("ForeignFlannel", "kube-system/kube-flannel");
    assertThat(Rendered.in(cluster).subjects()).isEqualTo(subjects);
  }

  @Test
  void aCleanupLeavesWhatSomebodyElseMarked() {
    cluster.nodes(1);
    tenant();
    network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup");
    flannel.awaitInstalled();
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

  /**
   * Such as after a restore from a backup, or an edit by hand. If the operator applies the
   * DaemonSet before it sees that, the API server records the fields for {@code
   * before-first-apply}, too.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void ourDaemonSetIsOursThoughNobodyKnowsWhoWroteIt(boolean applied) {
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
              "{\"metadata\": {\"managedFields\": %s, \"labels\": null}}"
                  .formatted(applied ? withBeforeFirstApply(before) : "[{}]"));
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

  private static String withBeforeFirstApply(DaemonSet daemonSet) {
    ManagedFieldsEntry ours =
        daemonSet.getMetadata().getManagedFields().stream()
            .filter(entry -> entry.getManager().equals("flannel-operator"))
            .findFirst()
            .orElseThrow();
    ManagedFieldsEntry unknown =
        ours.edit().withManager("before-first-apply").withOperation("Update").build();
    return Serialization.asJson(List.of(ours, unknown));
  }

  private void tenant() {
    cluster
        .client()
        .resource(new NamespaceBuilder().withNewMetadata().withName("tenant").endMetadata().build())
        .serverSideApply();
    accounts.create("tenant", "evil");
  }
}
