package io.flannel.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.flannel.ForeignInstalls;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.foreign.AdoptionMark;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherDaemonSet;
import io.flannel.operator.render.NodeAgentDaemonSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DaemonSetStoreTest {
  private static final String ADOPTABLE = "ipip-in-kube-system";
  private static final String AGENTS = "flannel-system";

  private final DaemonSetStore store = new DaemonSetStore(AGENTS);

  @ParameterizedTest
  @ValueSource(strings = {"talos", "rke2-canal", "kube-flannel-ds-amd64", "windows"})
  void keepsOfAnothersFlannelWhatIsRead(String install) {
    DaemonSet whole = ForeignInstalls.daemonSet(install);
    DaemonSet kept = kept(whole);
    assertThat(store.others()).containsExactly(OtherDaemonSet.of(whole).bounded());
    assertThat(kept.getSpec()).isNull();
    assertThat(store.matters(kept)).isTrue();
    assertThat(store.differ(whole, kept)).isFalse();
    store.items().remove(store.items().getKey(whole));
    assertThat(store.others()).isEmpty();
  }

  @Test
  void noticesThatAnothersFlannelHasNoPods() {
    DaemonSet uncounted = ForeignInstalls.daemonSet("talos");
    DaemonSet counted = ForeignInstalls.withoutPods("talos");
    assertThat(store.differ(counted, kept(uncounted))).isTrue();
    assertThat(store.differ(counted, kept(counted))).isFalse();
    assertThat(store.others()).containsExactly(OtherDaemonSet.of(counted).bounded());
  }

  @Test
  void keepsThatAFlannelIsASidecar() {
    DaemonSet whole = other("example.org/pause:1");
    whole
        .getSpec()
        .getTemplate()
        .getSpec()
        .setInitContainers(
            List.of(
                new ContainerBuilder()
                    .withName("f")
                    .withImage("example.org/flannel:1")
                    .withRestartPolicy("Always")
                    .build()));
    assertThat(OtherDaemonSet.of(whole).runsFlannel()).isTrue();
    DaemonSet kept = kept(whole);
    assertThat(store.others()).containsExactly(OtherDaemonSet.of(whole).bounded());
    assertThat(store.matters(kept)).isTrue();
  }

  @Test
  void keepsUpstreamsWhole() {
    DaemonSet whole = Installs.daemonSet("manifest-v0.28");
    assertThat(kept(whole)).isSameAs(whole);
  }

  @Test
  void keepsOfUpstreamsInAnotherNamespaceWhatAnAdoptionNeeds() {
    DaemonSet whole = Installs.daemonSet(ADOPTABLE);
    whole.getMetadata().setAnnotations(Map.of("last-applied", "x".repeat(100_000)));
    DaemonSet kept = kept(whole);
    assertThat(kept.getMetadata().getAnnotations()).isEmpty();
    assertThat(found(kept)).isEqualTo(found(whole));
    assertThat(found(kept).spec()).isPresent();
    assertThat(store.others()).isEmpty();
    // An adoption in a large cluster makes its affinity this long.
    DaemonSet leaving =
        new DaemonSetBuilder(whole)
            .editMetadata()
            .addToAnnotations(AdoptionMark.KEY, "default")
            .endMetadata()
            .build();
    leaving
        .getSpec()
        .getTemplate()
        .getSpec()
        .setAffinity(
            new AffinityBuilder()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .withMatchFields(
                    IntStream.range(0, 5_000)
                        .mapToObj(
                            i ->
                                new NodeSelectorRequirement(
                                    ForeignFlannel.NODE_NAME, "NotIn", List.of("node-" + i)))
                        .toList())
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .build());
    assertThat(found(kept(leaving))).isEqualTo(found(leaving));
    assertThat(found(kept(leaving)).left()).hasSize(5_000);
  }

  @Test
  void daemonSetTooLargeForAFlannelCantBeAdopted() {
    DaemonSet large = Installs.daemonSet(ADOPTABLE);
    addEnvironment(large, "x".repeat(DaemonSetStore.LONGEST));
    DaemonSet kept = kept(large);
    assertThat(kept.getSpec()).isNull();
    assertThat(store.matters(kept)).isTrue();
    assertThat(store.others())
        .singleElement()
        .satisfies(
            other -> {
              assertThat(other.runsFlannelOnLinux()).isTrue();
              assertThat(other.usesConfigMap(other.namespace(), ForeignFlannel.CONFIG_MAP))
                  .isTrue();
            });
    assertThat(kept(Installs.daemonSet(ADOPTABLE)).getSpec()).as("small again").isNotNull();
    assertThat(store.others()).isEmpty();
  }

  @Test
  void largestOfManyCantBeAdopted() {
    DaemonSet small = Installs.daemonSet(ADOPTABLE);
    kept(small);
    for (int i = 0; i < 500; i++) {
      DaemonSet large = Installs.daemonSet(ADOPTABLE);
      large.getMetadata().setNamespace("tenant-" + i);
      addEnvironment(large, "x".repeat(DaemonSetStore.LONGEST - 20_000));
      kept(large);
    }
    assertThat(store.items().get(store.items().getKey(small)).getSpec()).isNotNull();
    assertThat(store.items().size()).isEqualTo(501);
    long whole = store.items().values().filter(it -> it.getSpec() != null).count();
    assertThat(whole).isBetween(10L, 40L);
    assertThat(store.others()).hasSize((int) (501 - whole));
  }

  /** Each object is as large as the API server accepts. */
  @Test
  void strangersTakeLittleRoom() {
    String text = "x".repeat(1_300_000);
    for (int i = 0; i < 500; i++) {
      DaemonSet large = other(i % 2 == 0 ? "flannel/" + text : "example.org/exporter:1");
      large.getMetadata().setName("d" + i);
      large.getSpec().getTemplate().getSpec().setServiceAccountName("flannel");
      addEnvironment(large, text);
      kept(large);
    }
    int room =
        store.items().values().mapToInt(it -> Serialization.asJson(it).length()).sum()
            + store.others().mapToInt(it -> it.toString().length()).sum();
    assertThat(store.others()).hasSize(500);
    assertThat(room).isLessThan(1_000_000);
  }

  @Test
  void theNodeAgentsNameIsTheirsInTheirNamespaceAlone() {
    DaemonSet agents = other("example.org/any:1");
    agents.getMetadata().setName(NodeAgentDaemonSet.NAME);
    assertThat(store.matters(agents)).isFalse();
    agents.getMetadata().setNamespace(AGENTS);
    assertThat(kept(agents)).isSameAs(agents);
  }

  @Test
  void keepsOfAllElseThatItIsThere() {
    DaemonSet other = other("example.org/exporter:1");
    assertThat(store.matters(other)).isFalse();
    assertThat(kept(other).getSpec()).isNull();
    assertThat(kept(other).getMetadata().getResourceVersion()).isEqualTo("7");
    assertThat(store.matters(kept(other))).isFalse();
  }

  @Test
  void aStatusIsNoDifferenceAndAnImageThatBecomesFlannelsIs() {
    DaemonSet talos = ForeignInstalls.daemonSet("talos");
    DaemonSet reported =
        new DaemonSetBuilder(talos).withNewStatus().withNumberReady(3).endStatus().build();
    assertThat(store.differ(reported, kept(talos))).isFalse();
    DaemonSet exporter = other("example.org/exporter:1");
    assertThat(store.differ(other("example.org/exporter:2"), kept(exporter))).isFalse();
    assertThat(store.differ(other("example.org/flannel:1"), kept(exporter))).isTrue();
    assertThat(store.differ(exporter, kept(other("example.org/flannel:1")))).isTrue();
    DaemonSet ours = Installs.daemonSet("manifest-v0.28");
    assertThat(store.differ(ours, ours)).as("its counts are looked at").isTrue();
  }

  private static DaemonSet other(String image) {
    return new DaemonSetBuilder()
        .withNewMetadata()
        .withName("exporter")
        .withNamespace("monitoring")
        .withResourceVersion("7")
        .endMetadata()
        .withNewSpec()
        .withNewTemplate()
        .withNewSpec()
        .addNewContainer()
        .withName("any")
        .withImage(image)
        .endContainer()
        .endSpec()
        .endTemplate()
        .endSpec()
        .build();
  }

  private static void addEnvironment(DaemonSet daemonSet, String value) {
    daemonSet
        .getSpec()
        .getTemplate()
        .getSpec()
        .getContainers()
        .getFirst()
        .setEnv(List.of(new EnvVar("ANY", value, null)));
  }

  private static ForeignFlannel found(DaemonSet daemonSet) {
    return ForeignFlannel.of(
        daemonSet, Optional.of(Installs.configMap(ADOPTABLE)), Optional.empty());
  }

  private DaemonSet kept(DaemonSet daemonSet) {
    store.items().put(store.items().getKey(daemonSet), daemonSet);
    return store.items().get(store.items().getKey(daemonSet));
  }
}
