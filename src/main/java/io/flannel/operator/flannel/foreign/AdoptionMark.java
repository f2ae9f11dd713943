package io.flannel.operator.flannel.foreign;

import io.fabric8.kubernetes.api.model.FieldsV1;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntryBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.flannel.operator.flannel.FieldOwnership;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The mark on an object that a FlannelNetwork is adopting: an annotation with the network's name.
 * Anybody who may write the object can set it, so it is ignored if the managed fields show that
 * only others did. Managed fields can be forged too; how far a mark is trusted is decided
 * elsewhere.
 */
public final class AdoptionMark {
  /** The annotation. */
  public static final String KEY = "flannel.io/adopted-by";

  /**
   * Managers that count as the operator, or as nobody: the operator's own name, the client's
   * default name that it used to write with, and the name that the API server records for a writer
   * that it does not know.
   */
  private static final Set<String> WRITERS =
      Set.of(
          FieldOwnership.FIELD_MANAGER,
          "fabric8-kubernetes-client",
          FieldOwnership.BEFORE_FIRST_APPLY);

  /** Maximum number of writers that are kept; one annotation never has more. */
  private static final int MOST_WRITERS = 16;

  private AdoptionMark() {}

  /** The part of an object's managed fields that {@link #of} reads: who wrote the mark. */
  public static List<ManagedFieldsEntry> writers(ObjectMeta meta) {
    FieldsV1 mark = new FieldsV1();
    mark.setAdditionalProperty("f:metadata", Map.of("f:annotations", Map.of("f:" + KEY, Map.of())));
    return meta.getManagedFields().stream()
        .filter(AdoptionMark::wrote)
        .limit(MOST_WRITERS)
        .map(
            entry ->
                new ManagedFieldsEntryBuilder()
                    .withManager(entry.getManager())
                    .withOperation(entry.getOperation())
                    .withFieldsV1(mark)
                    .build())
        .toList();
  }

  /** The FlannelNetwork that is adopting an object; empty if the operator did not mark it. */
  public static Optional<String> of(ObjectMeta meta) {
    List<ManagedFieldsEntry> writers =
        meta.getManagedFields().stream().filter(AdoptionMark::wrote).toList();
    boolean somebodyElses =
        !writers.isEmpty()
            && writers.stream()
                .noneMatch(one -> WRITERS.contains(String.valueOf(one.getManager())));
    return Optional.ofNullable(meta.getAnnotations())
        .flatMap(all -> Optional.ofNullable(all.get(KEY)))
        .filter(_ -> !somebodyElses);
  }

  private static boolean wrote(ManagedFieldsEntry entry) {
    return Optional.ofNullable(entry.getFieldsV1())
        .map(FieldsV1::getAdditionalProperties)
        .map(fields -> fields.get("f:metadata"))
        .map(fields -> fields instanceof Map<?, ?> map ? map.get("f:annotations") : null)
        .filter(fields -> fields instanceof Map<?, ?> map && map.containsKey("f:" + KEY))
        .isPresent();
  }
}
