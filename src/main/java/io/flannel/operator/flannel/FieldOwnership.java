package io.flannel.operator.flannel;

import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntryBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

  /** The manager that the API server records at the first apply of an object that had none. */
  public static final String BEFORE_FIRST_APPLY = "before-first-apply";

  private FieldOwnership() {}

  /** Whether this manager applied the object, as far as the API server knows. */
  public static boolean isOf(HasMetadata object, String manager) {
    return object.getMetadata().getManagedFields().stream().anyMatch(entry -> isOf(entry, manager));
  }

  /**
   * Whether this manager's next apply removes what it renders no more. It does not where the
   * manager never applied the object, nor where the API server recorded the fields for {@link
   * #BEFORE_FIRST_APPLY}, too: it does so if the managed fields were removed before the apply.
   */
  public static boolean isComplete(HasMetadata object, String manager) {
    return isOf(object, manager)
        && object.getMetadata().getManagedFields().stream()
            .noneMatch(entry -> BEFORE_FIRST_APPLY.equals(entry.getManager()));
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
        fields = merged(fields, entry.getFieldsV1().getAdditionalProperties());
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

  /** Returns a copy of the one tree with the other's branches added. */
  private static Map<String, Object> merged(@Nullable Object one, Map<?, ?> other) {
    Map<String, Object> all =
        one instanceof Map<?, ?> map ? merged(null, map) : new LinkedHashMap<>();
    other.forEach(
        (key, value) ->
            all.put(
                String.valueOf(key),
                value instanceof Map<?, ?> map ? merged(all.get(key), map) : value));
    return all;
  }
}
