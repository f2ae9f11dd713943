package io.flannel.operator.agent;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: doubled with each failure from one second to thirty,
 * and each time half of it by chance, so that the agents of a cluster don't come all at once.
 */
final class Backoff {
  private static final long FIRST_MILLIS = 1000;
  private static final long LONGEST_MILLIS = 30_000;

  private final RandomGenerator random;
  private long millis = FIRST_MILLIS;

  Backoff(RandomGenerator random) {
    this.random = random;
  }

  /** After a failure. */
  Duration next() {
    long now = millis;
    millis = Math.min(2 * millis, LONGEST_MILLIS);
    return Duration.ofMillis(now / 2 + random.nextLong(now / 2 + 1));
  }

  /** After a success. */
  void reset() {
    millis = FIRST_MILLIS;
  }
}
