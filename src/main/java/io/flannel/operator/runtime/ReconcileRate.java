package io.flannel.operator.runtime;

import io.javaoperatorsdk.operator.processing.event.rate.RateLimiter;
import io.javaoperatorsdk.operator.processing.event.rate.RateLimiter.RateLimitState;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How often reconciliations begin, over all networks. An agent that writes its status as fast as it
 * can, or anybody else who changes what is watched, makes a reconciliation each time; this bounds
 * what that takes.
 *
 * <p>Passes share a quarter of a core: each takes from it the CPU time that it used, at least 50
 * ms, so that no more than five a second begin in the long run, and fewer where a network is large.
 * What was not used is kept for two seconds of it, that is forty passes at once; so a single event,
 * or the events of a rollout, find it unused and wait for nothing. Nobody waits for longer than two
 * seconds, and what happened meanwhile is seen by the one reconciliation that follows.
 */
@Singleton
public final class ReconcileRate implements RateLimiter<ReconcileRate.Shared> {
  /** Passes have one of so many parts of a core. */
  private static final long PARTS = 4;

  private static final long LEAST = Duration.ofMillis(50).toNanos();
  private static final long MOST_SAVED = Duration.ofSeconds(2).toNanos();
  private static final long LONGEST_WAIT = Duration.ofSeconds(2).toNanos();

  /** Nothing is kept for a network of its own. */
  enum Shared implements RateLimitState {
    /** The only one. */
    BUDGET
  }

  private final LongSupplier clock;
  private final LongSupplier cpuTime;

  /** CPU time in nanoseconds; guarded by this. */
  private long saved = MOST_SAVED;

  private long seen;

  /** By this machine's clock, and what the JVM says of threads. */
  @Inject
  public ReconcileRate() {
    this(System::nanoTime, ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime);
  }

  /**
   * @param clock as {@link System#nanoTime}
   * @param cpuTime of the current thread, in nanoseconds
   */
  ReconcileRate(LongSupplier clock, LongSupplier cpuTime) {
    this.clock = clock;
    this.cpuTime = cpuTime;
    this.seen = clock.getAsLong();
  }

  @Override
  public Shared initState() {
    return Shared.BUDGET;
  }

  /** Empty: a reconciliation begins now. */
  @Override
  public synchronized Optional<Duration> isLimited(RateLimitState state) {
    long now = clock.getAsLong();
    saved = Math.min(MOST_SAVED, saved + (now - seen) / PARTS);
    seen = now;
    if (saved < LEAST) {
      return Optional.of(Duration.ofNanos((LEAST - saved) * PARTS));
    }
    saved -= LEAST;
    return Optional.empty();
  }

  /** Runs a reconciliation that was let begin, and takes what it used, however it ends. */
  public <T> T counted(Supplier<T> reconciliation) {
    long before = cpuTime.getAsLong();
    try {
      return reconciliation.get();
    } finally {
      spent(cpuTime.getAsLong() - before);
    }
  }

  private synchronized void spent(long used) {
    saved = Math.max(LEAST - LONGEST_WAIT / PARTS, saved - Math.max(0, used - LEAST));
  }
}
