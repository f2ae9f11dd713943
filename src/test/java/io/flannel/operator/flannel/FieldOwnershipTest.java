package io.flannel.operator.flannel;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntryBuilder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Who owns an object, by its managed fields. */
class FieldOwnershipTest {
  private static final ManagedFieldsEntry APPLIED = entry("flannel-operator", "Apply", null);
  private static final ManagedFieldsEntry UPDATED = entry("flannel-operator", "Update", null);
  private static final ManagedFieldsEntry OTHERS = entry("kubectl", "Apply", null);
  private static final ManagedFieldsEntry STATUS = entry("kubelet", "Update", "status");
  private static final ManagedFieldsEntry BEFORE = entry("before-first-apply", "Update", null);

  @Test
  void anObjectIsOfWhoeverAppliedIt() {
    assertThat(FieldOwnership.isOf(object(OTHERS, APPLIED), "flannel-operator")).isTrue();
    assertThat(FieldOwnership.isOf(object(UPDATED), "flannel-operator")).isFalse();
    assertThat(FieldOwnership.isOf(object(OTHERS), "flannel-operator")).isFalse();
    assertThat(FieldOwnership.isOf(object(), "flannel-operator")).isFalse();
  }

  @Test
  void anObjectThatHadOthersFieldsBeforeIsNotWhole() {
    assertThat(FieldOwnership.isComplete(object(APPLIED, STATUS), "flannel-operator")).isTrue();
    assertThat(FieldOwnership.isComplete(object(APPLIED, BEFORE), "flannel-operator")).isFalse();
    assertThat(FieldOwnership.isComplete(object(UPDATED), "flannel-operator")).isFalse();
  }

  @Test
  void aStatusIsOfItsOnlyWriter() {
    ManagedFieldsEntry ours = entry("flannel-operator", "Apply", "status");
    assertThat(FieldOwnership.isStatusOf(object(ours, OTHERS), "flannel-operator")).isTrue();
    assertThat(FieldOwnership.isStatusOf(object(ours, STATUS), "flannel-operator")).isFalse();
    assertThat(FieldOwnership.isStatusOf(object(APPLIED), "flannel-operator")).isTrue();
  }

  @Test
  void whatManagersWroteBecomesOneApplyAndTheStatusStays() {
    ManagedFieldsEntry one =
        fields(entry("a", "Update", null), "apps/v1beta1", Map.of("f:spec", Map.of("f:x", "1")));
    ManagedFieldsEntry other =
        fields(
            entry("b", "Apply", ""),
            "apps/v2",
            Map.of("f:spec", Map.of("f:y", "2"), "f:metadata", Map.of()));
    ManagedFieldsEntry empty = entry("c", "Update", null);
    assertThat(FieldOwnership.transferred(List.of(one, STATUS, other, empty), "flannel-operator"))
        .containsExactly(
            new ManagedFieldsEntryBuilder(
                    fields(
                        APPLIED,
                        "apps/v2",
                        Map.of("f:spec", Map.of("f:x", "1", "f:y", "2"), "f:metadata", Map.of())))
                .withFieldsType("FieldsV1")
                .build(),
            STATUS);
  }

  private static ConfigMap object(ManagedFieldsEntry... entries) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName("a")
        .withManagedFields(entries)
        .endMetadata()
        .build();
  }

  private static ManagedFieldsEntry fields(
      ManagedFieldsEntry entry, String apiVersion, Map<String, Object> content) {
    FieldsV1 fields = new FieldsV1();
    fields.setAdditionalProperties(content);
    return new ManagedFieldsEntryBuilder(entry)
        .withApiVersion(apiVersion)
        .withFieldsV1(fields)
        .build();
  }

  private static ManagedFieldsEntry entry(String manager, String operation, String subresource) {
    return new ManagedFieldsEntryBuilder()
        .withManager(manager)
        .withOperation(operation)
        .withSubresource(subresource)
        .build();
  }
}
