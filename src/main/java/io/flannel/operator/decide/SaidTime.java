package io.flannel.operator.decide;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/** A time that the last status said, which the next one says again. */
public final class SaidTime {
  /** Between these, years have four digits. */
  private static final Instant FIRST = Instant.parse("0000-01-01T00:00:00Z");

  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

  private SaidTime() {}

  /**
   * The same; what is no time, as only somebody else can have written it, counts as nothing said.
   *
   * @param otherwise the time to say then
   */
  public static String orElse(@Nullable String said, Instant otherwise) {
    if (said == null) {
      return otherwise.toString();
    }
    try {
      Instant time = Instant.parse(said);
      return (time.isBefore(FIRST) || time.isAfter(LAST) ? otherwise : time).toString();
    } catch (DateTimeParseException e) {
      return otherwise.toString();
    }
  }
}
