package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What of an object could not be read, and why. It is kept in the object's own metadata, so that
 * every copy of the object has it; no API server sends metadata with fields of others' making.
 *
 * @param why by path, such as {@code status.device.mtu}: what is there instead of what belongs
 *     there, as a sentence that begins with the path
 */
public record Unread(SortedMap<String, String> why) {
  /** All of it was read. */
  public static final Unread NOTHING = new Unread(Collections.emptySortedMap());

  private static final String KEY = "flannel.io/unread";

  /** What of this object could not be read. */
  public static Unread of(HasMetadata object) {
    ObjectMeta meta = object.getMetadata();
    if (meta == null || !(meta.getAdditionalProperties().get(KEY) instanceof Map<?, ?> kept)) {
      return NOTHING;
    }
    SortedMap<String, String> why = new TreeMap<>();
    kept.forEach((path, reason) -> why.put(String.valueOf(path), String.valueOf(reason)));
    return new Unread(why);
  }

  /** Notes it with the object. */
  void keepWith(ObjectMeta meta) {
    if (!why.isEmpty()) {
      meta.setAdditionalProperty(KEY, why);
    }
  }

  /** Why a part could not be read as a whole, or the first of its fields; empty: it was. */
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
   * The same with what else could not be read. A copy lacks what is known to be unread: that is not
   * missing.
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
