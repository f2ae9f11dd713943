package io.flannel.operator.flannel;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads lists and maps that the API may leave out: null and empty mean the same. */
public final class OrEmpty {
  private OrEmpty() {}

  /** The list, or an empty one. */
  public static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }

  /** The map, or an empty one. */
  public static <V> Map<String, V> orEmpty(@Nullable Map<String, V> map) {
    return map == null ? Map.of() : map;
  }
}
