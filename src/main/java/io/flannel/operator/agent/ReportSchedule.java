package io.flannel.operator.agent;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Decides when to write the status: shortly after a change, so that related changes are written
 * together, but at most once a second; otherwise about every ten minutes.
 *
 * <p>Times are {@link System#nanoTime} values.
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
   * @param now when the first report may be written
   */
  ReportSchedule(RandomGenerator random, long now) {
    this.random = random;
    backoff = new Backoff(random);
    earliest = now;
    refreshAt = now;
  }

  /** Call this when something significant changed. */
  void changed(long now) {
    if (!changed) {
      changed = true;
      changeAt = now + TOGETHER;
    }
  }

  /** Whether to write now, if there is something to write. */
  boolean isDue(long now) {
    return nanosToWait(now) <= 0;
  }

  /** Time until a write is due. */
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

  /** Call this when what changed is back to what was written. */
  void unchanged() {
    changed = false;
  }

  /** Call this after a write. */
  void written(long now) {
    changed = false;
    earliest = now + BETWEEN_WRITES;
    refreshAt = now + REFRESH * 9 / 10 + random.nextLong(REFRESH / 5);
    backoff.reset();
  }

  /** Call this after a failed write: it stays due, after a delay. */
  void failed(long now) {
    earliest = now + backoff.next().toNanos();
  }
}
