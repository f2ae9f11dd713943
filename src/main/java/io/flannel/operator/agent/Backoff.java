package io.flannel.operator.agent;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Delay before the next attempt: doubles with each failure, from one second to thirty. Half of it
 * is random, so that a cluster's agents don't all retry at once.
 */
final class Backoff {
  private static final long FIRST_MILLIS = 1000;
  private static final long LONGEST_MILLIS = 30_000;

  private final RandomGenerator random;
  private long millis = FIRST_MILLIS;

  Backoff(RandomGenerator random) {
    this.random = random;
  }

  /** Returns the delay after a failure. */
  Duration next() {
    long now = millis;
    millis = Math.min(2 * millis, LONGEST_MILLIS);
    return Duration.ofMillis(now / 2 + random.nextLong(now / 2 + 1));
  }

  /** Call this after a success. */
  void reset() {
    millis = FIRST_MILLIS;
  }
}
