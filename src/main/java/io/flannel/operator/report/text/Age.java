package io.flannel.operator.report.text;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** How long ago something happened, in the format of kubectl's AGE columns. */
final class Age {
  private Age() {}

  /**
   * Returns the age of an RFC 3339 time, such as {@code 3m12s}; null if it is missing or can't be
   * read. A time in the future, as from another clock, is {@code 0s}.
   */
  static @Nullable String of(@Nullable String time, Instant now) {
    if (time == null) {
      return null;
    }
    try {
      return said(Duration.between(Instant.parse(time), now));
    } catch (DateTimeException e) {
      return null;
    }
  }

  /**
   * Uses two units where the first alone would be too coarse, like k8s.io/apimachinery's
   * HumanDuration.
   */
  static String said(Duration age) {
    long seconds = Math.max(0, age.toSeconds());
    long minutes = seconds / 60;
    long hours = minutes / 60;
    long days = hours / 24;
    if (seconds < 120) {
      return seconds + "s";
    }
    if (minutes < 10) {
      return two(minutes, "m", seconds % 60, "s");
    }
    if (hours < 3) {
      return minutes + "m";
    }
    if (hours < 8) {
      return two(hours, "h", minutes % 60, "m");
    }
    if (hours < 48) {
      return hours + "h";
    }
    return days < 8 ? two(days, "d", hours % 24, "h") : days + "d";
  }

  private static String two(long first, String unit, long second, String smaller) {
    return second == 0 ? first + unit : first + unit + second + smaller;
  }
}
