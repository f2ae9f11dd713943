package io.flannel.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.PodTemplate;
import io.flannel.operator.flannel.Specs;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.render.Flannel;
import java.util.Optional;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class LiveFlannelReaderTest {
  /** Nothing that a FlannelNetwork says is lost when it is written to the cluster and read back. */
  @Property
  void renderedObjectsAreReadBack(@ForAll("networks") DesiredNetwork network) {
    DaemonSet daemonSet = rendered(network, DaemonSet.class);
    ConfigMap configMap = rendered(network, ConfigMap.class);
    LiveFlannel live = LiveFlannelReader.read(daemonSet, Optional.of(configMap));

    assertThat(LiveFlannelReader.configMapName(daemonSet))
        .isEqualTo(configMap.getMetadata().getName());
    assertThat(live.configHash()).isEqualTo(NetConf.of(network).hash());
    assertThat(live.config()).contains(AppliedConfig.of(network));
    assertThat(live.template()).isEqualTo(PodTemplate.of(network));
  }

  @Example
  void aDaemonSetThatSomebodyEmptiedIsReadAllTheSame() {
    DaemonSet empty =
        new DaemonSetBuilder()
            .withNewMetadata()
            .withName(Flannel.DAEMON_SET)
            .withGeneration(1L)
            .endMetadata()
            .withNewSpec()
            .withNewTemplate()
            .withNewSpec()
            .endSpec()
            .endTemplate()
            .endSpec()
            .build();
    LiveFlannel live = LiveFlannelReader.read(empty, Optional.empty());
    assertThat(live.configHash()).isEmpty();
    assertThat(live.config()).isEmpty();
    assertThat(live.image()).isEmpty();
    assertThat(live.template().options()).isEmpty();
    assertThat(live.pods()).isEqualTo(new LiveFlannel.PodCounts(false, 0, 0, 0, 0));
  }

  @Property
  void oursIsToldFromUpstreams(@ForAll("networks") DesiredNetwork network) {
    DaemonSet ours = rendered(network, DaemonSet.class);
    assertThat(LiveFlannelReader.isRendered(ours)).isTrue();
    ours.getSpec().getTemplate().getMetadata().setAnnotations(null);
    assertThat(LiveFlannelReader.isRendered(ours)).as("by its ConfigMap").isTrue();
    assertThat(LiveFlannelReader.isRendered(Installs.daemonSet("manifest-v0.28"))).isFalse();
  }

  /** Renders the object and reads it from JSON, as from the API server. */
  private static <T extends HasMetadata> T rendered(DesiredNetwork network, Class<T> kind) {
    return Flannel.render(network).stream()
        .filter(kind::isInstance)
        .map(object -> Serialization.unmarshal(Serialization.asJson(object), kind))
        .findFirst()
        .orElseThrow();
  }

  @Provide
  Arbitrary<DesiredNetwork> networks() {
    return Specs.networks();
  }
}
