package io.flannel.operator.flannel;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Kubernetes and Go write them. */
public final class Durations {
  private static final Pattern PART = Pattern.compile("([0-9]+(?:[.][0-9]+)?)(ms|s|m|h)");
  private static final Pattern WHOLE = Pattern.compile("(?:" + PART.pattern() + ")+");

  /** Maximum length, as in the schema. Matching needs stack in proportion to the length. */
  private static final int LONGEST = 32;

  private Durations() {}

  /**
   * Reads {@code 2s}, {@code 1h30m} or {@code 1.5h}.
   *
   * @throws IllegalArgumentException if it is not such a duration
   */
  public static Duration parse(String text) {
    if (text.length() > LONGEST || !WHOLE.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "'%s' is no duration such as 10m or 1h30m"
              .formatted(text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…"));
    }
    Duration sum = Duration.ZERO;
    Matcher part = PART.matcher(text);
    while (part.find()) {
      double seconds =
          Double.parseDouble(part.group(1))
              * switch (part.group(2)) {
                case "ms" -> 0.001;
                case "s" -> 1;
                case "m" -> 60;
                default -> 3600;
              };
      sum = sum.plusNanos(Math.round(seconds * 1e9));
    }
    return sum;
  }

  /** Formats like Kubernetes: {@code 10m}, {@code 1h30m}; 90.5 s is {@code 1m30.5s}. */
  public static String said(Duration duration) {
    return duration.toString().substring(2).toLowerCase(Locale.ROOT);
  }
}
