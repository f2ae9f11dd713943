package io.flannel.operator.decide;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/** A time that the last status gave and the next one repeats. */
public final class SaidTime {
  /** Between FIRST and LAST, years have four digits. */
  private static final Instant FIRST = Instant.parse("0000-01-01T00:00:00Z");

  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

  private SaidTime() {}

  /**
   * Returns the time as given, or {@code otherwise} if it is missing or invalid. Only somebody else
   * can have written an invalid one.
   *
   * @param otherwise the time to use instead
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
