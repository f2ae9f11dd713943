package io.flannel.operator.flannel;

import java.util.List;

/** Formats lists of names for messages. */
public final class Names {
  private static final int SPELLED_OUT = 5;

  private Names() {}

  /** {@code node n1}, {@code nodes n1 and n2}, {@code nodes n1, n2, n3, n4, n5 and 95 more}. */
  public static String ofNodes(List<String> names) {
    return (names.size() == 1 ? "node " : "nodes ") + and(names);
  }

  /** {@code a}, {@code a and b}, {@code a, b and c}; only the first five of a longer list. */
  public static String and(List<String> names) {
    if (names.isEmpty()) {
      return "none";
    }
    if (names.size() == 1) {
      return names.getFirst();
    }
    if (names.size() <= SPELLED_OUT) {
      return String.join(", ", names.subList(0, names.size() - 1)) + " and " + names.getLast();
    }
    return String.join(", ", names.subList(0, SPELLED_OUT))
        + " and "
        + (names.size() - SPELLED_OUT)
        + " more";
  }
}
