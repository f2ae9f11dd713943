package io.flannel.operator.flannel;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads times that others wrote. */
public final class Times {
  /** Maximum length; a time with nanoseconds and an offset has 35 characters. */
  private static final int LENGTH = 64;

  /** No Linux clock can be earlier, and no duration counted from here is out of range. */
  private static final Instant FIRST = Instant.EPOCH;

  /** The latest time that RFC 3339 can express. */
  private static final Instant LAST = OffsetDateTime.parse("9999-12-31T23:59:59Z").toInstant();

  private Times() {}

  /** Reads a time in RFC 3339, from 1970 to 9999; empty for anything else. */
  public static Optional<Instant> tryParse(@Nullable String text) {
    if (text == null || text.length() > LENGTH) {
      return Optional.empty();
    }
    try {
      Instant time = Instant.parse(text);
      return time.isBefore(FIRST) || time.isAfter(LAST) ? Optional.empty() : Optional.of(time);
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
