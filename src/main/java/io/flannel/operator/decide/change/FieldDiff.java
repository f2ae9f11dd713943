package io.flannel.operator.decide.change;

import java.util.Optional;

/**
 * A field of the spec that asks for something else than what is live.
 *
 * @param field its path below {@code spec}, such as {@code backend.type}
 * @param from what is live; empty: nothing is set
 * @param to what is wanted; empty: nothing is set
 */
public record FieldDiff(String field, Optional<String> from, Optional<String> to) {
  /** {@code backend.type: vxlan -> ipip}. */
  @Override
  public String toString() {
    return field + ": " + from.orElse("not set") + " -> " + to.orElse("not set");
  }
}
