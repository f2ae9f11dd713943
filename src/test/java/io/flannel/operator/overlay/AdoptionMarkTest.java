package io.flannel.operator.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.Test;

class AdoptionMarkTest {
  @Test
  void itCountsUnlessSomebodyElseWroteIt() {
    assertThat(marked("")).as("nobody is known to").isEqualTo("default");
    assertThat(marked(entry("flannel-operator"))).isEqualTo("default");
    assertThat(marked(entry("before-first-apply"))).isEqualTo("default");
    assertThat(marked(entry("kubectl-annotate"))).isEmpty();
    assertThat(marked(entry("kubectl-annotate") + "," + entry("flannel-operator")))
        .as("both")
        .isEqualTo("default");
    assertThat(
            marked("{manager: kubectl, fieldsV1: {'f:metadata': {'f:annotations': {'f:a': {}}}}}"))
        .as("another annotation")
        .isEqualTo("default");
    assertThat(marked("{}, {fieldsV1: {'f:metadata': 5}}, {fieldsV1: {'f:spec': {}}}"))
        .isEqualTo("default");
    assertThat(AdoptionMark.of(new ObjectMeta())).isEmpty();
  }

  private static String entry(String manager) {
    return "{manager: %s, fieldsV1: {'f:metadata': {'f:annotations': {'.': {}, 'f:%s': {}}}}}"
        .formatted(manager, AdoptionMark.KEY);
  }

  private static String marked(String entries) {
    return AdoptionMark.of(
            Serialization.unmarshal(
                "---\n{annotations: {%s: default}, managedFields: [%s]}"
                    .formatted(AdoptionMark.KEY, entries),
                ObjectMeta.class))
        .orElse("");
  }
}
