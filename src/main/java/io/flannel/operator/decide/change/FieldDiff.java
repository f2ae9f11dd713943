package io.flannel.operator.decide.change;

import java.util.Optional;

/**
 * A field of the spec that differs from what is live.
 *
 * @param field its path below {@code spec}, such as {@code backend.type}
 * @param from the live value; empty if none is set
 * @param to the wanted value; empty if none is set
 */
public record FieldDiff(String field, Optional<String> from, Optional<String> to) {
  /** For example {@code backend.type: vxlan -> ipip}. */
  @Override
  public String toString() {
    return field + ": " + from.orElse("not set") + " -> " + to.orElse("not set");
  }
}
