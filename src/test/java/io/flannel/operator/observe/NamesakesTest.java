package io.flannel.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.flannel.foreign.AdoptionMark;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NamesakesTest {
  private static final String ADOPTABLE = "ipip-in-kube-system";
  private static final String LARGE = "x".repeat(1_000_000);

  @Test
  void configMapKeepsWhatAnAdoptionNeeds() {
    ConfigMap whole =
        new ConfigMapBuilder(Installs.configMap(ADOPTABLE))
            .addToData("other", LARGE)
            .addToBinaryData("binary", LARGE)
            .editMetadata()
            .addToAnnotations("other", LARGE)
            .addToAnnotations(AdoptionMark.KEY, "default")
            .addToLabels("flannel.io/network", "default")
            .endMetadata()
            .build();
    ConfigMap kept = Namesakes.slim(whole);
    assertThat(found(kept)).isEqualTo(found(whole));
    assertThat(found(kept).spec()).isPresent();
    assertThat(kept.getMetadata().getAnnotations()).containsOnlyKeys(AdoptionMark.KEY);
    assertThat(kept.getMetadata().getLabels()).containsEntry("flannel.io/network", "default");
    assertThat(Serialization.asJson(kept)).hasSizeLessThan(2_000);
  }

  @Test
  void aConfigurationThatIsTooLargeIsNotRead() {
    ConfigMap large =
        new ConfigMapBuilder(Installs.configMap(ADOPTABLE))
            .addToData("cni-conf.json", LARGE)
            .build();
    assertThat(Namesakes.slim(large).getData()).isEmpty();
    assertThat(found(Namesakes.slim(large)).unsupported())
        .anySatisfy(setting -> assertThat(setting).startsWith("ConfigMap kube-system/"));
  }

  @Test
  void accountKeepsItsSecrets() {
    ServiceAccount some = account("kube-system", 3);
    assertThat(Namesakes.slim(some).getImagePullSecrets()).isEqualTo(some.getImagePullSecrets());
    assertThat(Namesakes.slim(some).getMetadata().getAnnotations()).isEmpty();
    assertThat(Namesakes.slim(account("kube-system", 100)).getImagePullSecrets())
        .hasSize(Namesakes.MOST_SECRETS + 1)
        .last()
        .isEqualTo(new LocalObjectReference("36 more"));
    ServiceAccount ours = account("kube-flannel", 100);
    assertThat(Namesakes.slim(ours)).isSameAs(ours);
  }

  private static ForeignFlannel found(ConfigMap configMap) {
    return ForeignFlannel.of(
        Installs.daemonSet(ADOPTABLE), Optional.of(configMap), Optional.empty());
  }

  private static ServiceAccount account(String namespace, int secrets) {
    return new ServiceAccountBuilder()
        .withNewMetadata()
        .withName("flannel")
        .withNamespace(namespace)
        .withAnnotations(Map.of("other", LARGE))
        .endMetadata()
        .withImagePullSecrets(
            IntStream.range(0, secrets)
                .mapToObj(i -> new LocalObjectReference("secret-" + i))
                .toList())
        .build();
  }
}
