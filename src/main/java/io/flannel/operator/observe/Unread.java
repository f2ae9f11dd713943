package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What could not be read of an object, and why. It is kept in the object's own metadata, so that
 * every copy has it. It can't clash: no API server sends metadata with unknown fields.
 *
 * @param why by path, such as {@code status.device.mtu}: a sentence that begins with the path and
 *     says what is there and what belongs there
 */
public record Unread(SortedMap<String, String> why) {
  /** Everything was read. */
  public static final Unread NOTHING = new Unread(Collections.emptySortedMap());

  private static final String KEY = "flannel.io/unread";

  /** Returns what could not be read of this object. */
  public static Unread of(HasMetadata object) {
    ObjectMeta meta = object.getMetadata();
    if (meta == null || !(meta.getAdditionalProperties().get(KEY) instanceof Map<?, ?> kept)) {
      return NOTHING;
    }
    SortedMap<String, String> why = new TreeMap<>();
    kept.forEach((path, reason) -> why.put(String.valueOf(path), String.valueOf(reason)));
    return new Unread(why);
  }

  /** Stores this in the object's metadata. */
  void keepWith(ObjectMeta meta) {
    if (!why.isEmpty()) {
      meta.setAdditionalProperty(KEY, why);
    }
  }

  /** Why a part, or the first unreadable field in it, could not be read; empty if all of it was. */
  public Optional<String> in(String part) {
    return why.entrySet().stream()
        .filter(entry -> isIn(part, entry.getKey()))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  private static boolean isIn(String part, String path) {
    return path.equals(part) || path.startsWith(part + ".") || path.startsWith(part + "[");
  }

  /**
   * Returns this with further unread fields. A copy of an object lacks the fields that are already
   * known to be unread, so these are not also reported as missing.
   */
  Unread and(SortedMap<String, String> more) {
    if (more.isEmpty()) {
      return this;
    }
    SortedMap<String, String> all = new TreeMap<>(why);
    more.forEach(
        (path, reason) -> {
          if (why.keySet().stream().noneMatch(unread -> unread.startsWith(path))) {
            all.put(path, reason);
          }
        });
    return new Unread(all);
  }
}
