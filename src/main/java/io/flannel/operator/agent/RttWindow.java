package io.flannel.operator.agent;

import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.ShortCountsHistogram;

/**
 * Round-trip times of a peer's last 128 to 256 answers, in microseconds: enough for a 99th
 * percentile, and forgotten after some minutes. Two histograms of about 4 KB each are used
 * alternately.
 */
final class RttWindow {
  private static final int TURN = 128;
  private static final int HIGHEST_MICROS = 1_000_000;
  private static final int DIGITS = 2;

  private AbstractHistogram current = histogram();
  private AbstractHistogram former = histogram();

  /** Adds a time; one longer than a second counts as a second. */
  void add(long micros) {
    if (current.getTotalCount() >= TURN) {
      AbstractHistogram oldest = former;
      former = current;
      current = oldest;
      current.reset();
    }
    current.recordValue(Math.clamp(micros, 1, HIGHEST_MICROS));
  }

  boolean isEmpty() {
    return current.getTotalCount() == 0;
  }

  void clear() {
    current.reset();
    former.reset();
  }

  /** Returns the percentile in microseconds, rounded to two significant digits. */
  int percentile(double percent) {
    AbstractHistogram both = histogram();
    both.add(former);
    both.add(current);
    return twoDigits(Math.toIntExact(both.getValueAtPercentile(percent)));
  }

  /** Rounds 1,234 to 1,200: more digits would change with every report. */
  static int twoDigits(int value) {
    int unit = 1;
    while (value / unit >= 100) {
      unit *= 10;
    }
    return (value + unit / 2) / unit * unit;
  }

  private static AbstractHistogram histogram() {
    return new ShortCountsHistogram(1, HIGHEST_MICROS, DIGITS);
  }
}
