package io.flannel.operator.agent;

import io.flannel.operator.flannel.PrintableText;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Writes log lines to standard output, in the operator's format. */
public final class Log {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private Log() {}

  public static void info(Class<?> of, String message) {
    System.out.println(line(Clock.systemUTC().instant(), "INFO", of, message));
  }

  public static void warn(Class<?> of, String message) {
    System.out.println(line(Clock.systemUTC().instant(), "WARN", of, message));
  }

  /** Formats a message on a single line, even if others wrote it. */
  static String line(Instant time, String level, Class<?> of, String message) {
    return "%s %-5s %s %s"
        .formatted(TIME.format(time), level, of.getSimpleName(), PrintableText.of(message));
  }
}
