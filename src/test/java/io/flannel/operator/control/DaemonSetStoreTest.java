package io.flannel.operator.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.flannel.operator.overlay.ForeignInstalls;
import io.flannel.operator.overlay.Installs;
import io.flannel.operator.overlay.OtherDaemonSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DaemonSetStoreTest {
  @ParameterizedTest
  @ValueSource(strings = {"talos", "rke2-canal", "kube-flannel-ds-amd64", "windows"})
  void keepsOfAnothersFlannelWhatIsRead(String install) {
    DaemonSet whole = ForeignInstalls.daemonSet(install);
    DaemonSet kept = kept(whole);
    assertThat(OtherDaemonSet.of(kept)).isEqualTo(OtherDaemonSet.of(whole));
    assertThat(kept.getSpec().getTemplate().getSpec().getTolerations()).isEmpty();
    assertThat(kept(kept)).as("kept again").isEqualTo(kept);
    assertThat(DaemonSetStore.differ(whole, kept)).isFalse();
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
    assertThat(OtherDaemonSet.of(kept(whole))).isEqualTo(OtherDaemonSet.of(whole));
    assertThat(DaemonSetStore.matters(kept(whole))).isTrue();
  }

  @Test
  void keepsUpstreamsWhole() {
    DaemonSet whole = Installs.daemonSet("manifest-v0.28");
    assertThat(kept(whole)).isSameAs(whole);
  }

  @Test
  void keepsOfAllElseThatItIsThere() {
    DaemonSet other = other("example.org/exporter:1");
    assertThat(DaemonSetStore.matters(other)).isFalse();
    assertThat(kept(other).getSpec()).isNull();
    assertThat(kept(other).getMetadata().getResourceVersion()).isEqualTo("7");
    assertThat(DaemonSetStore.matters(kept(other))).isFalse();
  }

  @Test
  void aStatusIsNoDifferenceAndAnImageThatBecomesFlannelsIs() {
    DaemonSet talos = ForeignInstalls.daemonSet("talos");
    DaemonSet reported =
        new DaemonSetBuilder(talos).withNewStatus().withNumberReady(3).endStatus().build();
    assertThat(DaemonSetStore.differ(reported, kept(talos))).isFalse();
    DaemonSet exporter = other("example.org/exporter:1");
    assertThat(DaemonSetStore.differ(other("example.org/exporter:2"), kept(exporter))).isFalse();
    assertThat(DaemonSetStore.differ(other("example.org/flannel:1"), kept(exporter))).isTrue();
    assertThat(DaemonSetStore.differ(exporter, kept(other("example.org/flannel:1")))).isTrue();
    DaemonSet ours = Installs.daemonSet("manifest-v0.28");
    assertThat(DaemonSetStore.differ(ours, ours)).as("its counts are looked at").isTrue();
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

  private static DaemonSet kept(DaemonSet daemonSet) {
    var store = new DaemonSetStore();
    store.put(store.getKey(daemonSet), daemonSet);
    return store.get(store.getKey(daemonSet));
  }
}
