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
 * The mark on what a FlannelNetwork is taking over: an annotation with that one's name. Anybody who
 * may write an object can write it, so that it counts only where nobody else did, as the API server
 * keeps it; and as whose words that is taken is judged elsewhere, since that can be forged, too.
 */
public final class AdoptionMark {
  /** The annotation. */
  public static final String KEY = "flannel.io/adopted-by";

  /**
   * Managers that stand for the operator, or for nobody: as it wrote it before, by no name of its
   * own; and whom the API server takes for the writer of what it had lost count of.
   */
  private static final Set<String> WRITERS =
      Set.of(FieldOwnership.FIELD_MANAGER, "fabric8-kubernetes-client", "before-first-apply");

  /** More managers than that do not write one annotation. */
  private static final int MOST_WRITERS = 16;

  private AdoptionMark() {}

  /** Of an object's managed fields so much as {@link #of} reads: who wrote the mark. */
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

  /** The FlannelNetwork that is taking an object over; empty if the operator did not say so. */
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
