package io.flannel.operator.report;

import java.time.Duration;
import java.util.Locale;

/** How durations are said to people: as Kubernetes writes them. */
final class Durations {
  private Durations() {}

  /** {@code 10m}, {@code 1h30m}, {@code 90.5s} becomes {@code 1m30.5s}. */
  static String said(Duration duration) {
    return duration.toString().substring(2).toLowerCase(Locale.ROOT);
  }
}
