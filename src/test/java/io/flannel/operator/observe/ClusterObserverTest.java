package io.flannel.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntryBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.render.Flannel;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClusterObserverTest {
  private static final NetworkRef FRESH = new NetworkRef("default", Instant.EPOCH);
  private static final NetworkRef IN_FORCE = new NetworkRef("b", Instant.EPOCH, true, false);

  @Test
  void aDaemonSetThatWeAppliedIsOursWhateverItsLabels() {
    DaemonSet applied = rendered();
    applied.getMetadata().setLabels(Map.of());
    applied
        .getMetadata()
        .setManagedFields(
            List.of(
                new ManagedFieldsEntryBuilder()
                    .withManager("flannel-operator")
                    .withOperation("Apply")
                    .build()));
    assertThat(isOurs(applied)).isTrue();
  }

  /** It may have been restored from a backup. */
  @Test
  void oneOfWhichNobodyKnowsWhoWroteItIsOursByItsLabelOrWhereANetworkIsInForce() {
    DaemonSet restored = rendered();
    assertThat(restored.getMetadata().getManagedFields()).isEmpty();
    assertThat(isOurs(restored, FRESH)).as("its label").isTrue();
    assertThat(isOurs(restored, IN_FORCE)).isTrue();
    assertThat(isOurs(restored)).as("of a network that is gone").isFalse();
    restored.getMetadata().setLabels(null);
    assertThat(isOurs(restored, FRESH)).isFalse();
    assertThat(isOurs(restored, FRESH, IN_FORCE)).isTrue();
  }

  @Test
  void whatWeDidNotRenderOrIsElsewhereIsNot() {
    DaemonSet upstreams = Installs.daemonSet("manifest-v0.28");
    upstreams.getMetadata().setLabels(Map.of(Flannel.NETWORK_LABEL, "default"));
    assertThat(isOurs(upstreams, FRESH, IN_FORCE)).isFalse();
    DaemonSet copy = rendered();
    copy.getMetadata().setNamespace("tenant");
    assertThat(isOurs(copy, FRESH, IN_FORCE)).isFalse();
  }

  private static DaemonSet rendered() {
    DesiredNetwork network = Networks.ipip("10.244.0.0/16");
    return Flannel.daemonSet(network, Flannel.template(network), RolloutAnnotations.NONE, "1");
  }

  private static boolean isOurs(DaemonSet daemonSet, NetworkRef... networks) {
    return ClusterObserver.isOurs(daemonSet, List.of(networks));
  }
}
