package io.flannel.operator.agent;

/**
 * A token bucket: a burst at once, a fixed rate in the long run.
 *
 * <p>Times are {@link System#nanoTime} values; they need not begin at zero and may wrap.
 */
final class RateLimit {
  private final long nanosEach;
  private final long capacity;
  private long credit;
  private long seen;

  /**
   * @param perSecond how many pass in the long run
   * @param burst how many pass at once after a pause
   */
  RateLimit(int perSecond, int burst, long now) {
    nanosEach = 1_000_000_000L / perSecond;
    capacity = burst * nanosEach;
    credit = capacity;
    seen = now;
  }

  /** Whether one more may pass now; if so, it is counted. */
  boolean allows(long now) {
    long passed = now - seen;
    if (passed > 0) {
      seen = now;
      credit = passed >= capacity - credit ? capacity : credit + passed;
    }
    if (credit < nanosEach) {
      return false;
    }
    credit -= nanosEach;
    return true;
  }
}
