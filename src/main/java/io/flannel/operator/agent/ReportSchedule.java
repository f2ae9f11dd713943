package io.flannel.operator.agent;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * When to write the status: soon after something changed, so that what changes together is written
 * together, at most once a second; else every ten minutes or so.
 *
 * <p>Time is {@link System#nanoTime}'s.
 */
final class ReportSchedule {
  private static final long TOGETHER = Duration.ofMillis(200).toNanos();
  private static final long BETWEEN_WRITES = Duration.ofSeconds(1).toNanos();
  private static final long REFRESH = Duration.ofMinutes(10).toNanos();

  private final RandomGenerator random;
  private final Backoff backoff;
  private long earliest;
  private long refreshAt;
  private long changeAt;
  private boolean changed;

  /**
   * @param now the time, from which on the first report may be written
   */
  ReportSchedule(RandomGenerator random, long now) {
    this.random = random;
    backoff = new Backoff(random);
    earliest = now;
    refreshAt = now;
  }

  /** Something that matters changed. */
  void changed(long now) {
    if (!changed) {
      changed = true;
      changeAt = now + TOGETHER;
    }
  }

  /** Whether to write now what there is to write. */
  boolean isDue(long now) {
    return nanosToWait(now) <= 0;
  }

  /** How long it is until then. */
  long nanosToWait(long now) {
    long next = refreshAt - now;
    if (changed) {
      next = Math.min(next, changeAt - now);
    }
    return Math.max(next, earliest - now);
  }

  /** Whether the refresh is due, even if nothing changed. */
  boolean isRefresh(long now) {
    return refreshAt - now <= 0;
  }

  /** What had changed is as it was. */
  void unchanged() {
    changed = false;
  }

  /** It was written. */
  void written(long now) {
    changed = false;
    earliest = now + BETWEEN_WRITES;
    refreshAt = now + REFRESH * 9 / 10 + random.nextLong(REFRESH / 5);
    backoff.reset();
  }

  /** It could not be written; what is to be written stays so. */
  void failed(long now) {
    earliest = now + backoff.next().toNanos();
  }
}
