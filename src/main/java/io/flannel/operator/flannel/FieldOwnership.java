package io.flannel.operator.flannel;

import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntryBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who owns an object's fields, according to the API server's managed fields. Ownership is
 * transferred as {@code kubectl apply --server-side} does for what it once wrote another way
 * (client-go, util/csaupgrade), but from every manager.
 */
public final class FieldOwnership {
  /**
   * The manager that owns, in every object's managed fields, what this operator rendered or marked.
   */
  public static final String FIELD_MANAGER = "flannel-operator";

  private FieldOwnership() {}

  /** Whether this manager applied the object, as far as the API server knows. */
  public static boolean isOf(HasMetadata object, String manager) {
    return object.getMetadata().getManagedFields().stream().anyMatch(entry -> isOf(entry, manager));
  }

  /** Whether only this manager wrote the object's status, as far as the API server knows. */
  public static boolean isStatusOf(HasMetadata object, String manager) {
    return object.getMetadata().getManagedFields().stream()
        .filter(entry -> "status".equals(entry.getSubresource()))
        .allMatch(entry -> isOf(entry, manager));
  }

  private static boolean isOf(ManagedFieldsEntry entry, String manager) {
    return manager.equals(entry.getManager()) && "Apply".equals(entry.getOperation());
  }

  /**
   * Returns the entries with all of them merged into one apply by this manager, except those of
   * subresources such as the status.
   */
  public static List<ManagedFieldsEntry> transferred(
      List<ManagedFieldsEntry> entries, String manager) {
    List<ManagedFieldsEntry> after = new ArrayList<>();
    Map<String, Object> fields = new LinkedHashMap<>();
    String apiVersion = "apps/v1";
    for (ManagedFieldsEntry entry : entries) {
      if (entry.getSubresource() != null && !entry.getSubresource().isEmpty()) {
        after.add(entry);
      } else if (entry.getFieldsV1() != null) {
        merge(fields, entry.getFieldsV1().getAdditionalProperties());
        apiVersion = entry.getApiVersion();
      }
    }
    FieldsV1 all = new FieldsV1();
    all.setAdditionalProperties(fields);
    after.addFirst(
        new ManagedFieldsEntryBuilder()
            .withManager(manager)
            .withOperation("Apply")
            .withApiVersion(apiVersion)
            .withFieldsType("FieldsV1")
            .withFieldsV1(all)
            .build());
    return after;
  }

  private static void merge(Map<String, Object> into, Map<String, Object> from) {
    from.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> map) {
            Map<String, Object> inner = new LinkedHashMap<>();
            if (into.get(key) instanceof Map<?, ?> before) {
              copy(before, inner);
            }
            Map<String, Object> more = new LinkedHashMap<>();
            copy(map, more);
            merge(inner, more);
            into.put(key, inner);
          } else {
            into.put(key, value);
          }
        });
  }

  private static void copy(Map<?, ?> from, Map<String, Object> into) {
    from.forEach((key, value) -> into.put(String.valueOf(key), value));
  }
}
