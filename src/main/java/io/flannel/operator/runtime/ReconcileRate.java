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
 * Limits how often reconciliations begin, over all networks. An agent that writes its status as
 * fast as it can, or anybody else who changes what is watched, triggers a reconciliation each time;
 * this bounds the cost.
 *
 * <p>Reconciliations share a quarter of a core. Each takes the CPU time that it used from this
 * budget, at least 50 ms, so in the long run no more than five a second begin, and fewer if a
 * network is large. Up to two seconds of unused budget are saved, which is 40 reconciliations at
 * once; so a single event, or the events of a rollout, don't wait. No reconciliation waits longer
 * than two seconds, and one reconciliation covers everything that happened meanwhile.
 */
@Singleton
public final class ReconcileRate implements RateLimiter<ReconcileRate.Shared> {
  /** Reconciliations get one part of a core that is divided into this many. */
  private static final long PARTS = 4;

  private static final long LEAST = Duration.ofMillis(50).toNanos();
  private static final long MOST_SAVED = Duration.ofSeconds(2).toNanos();
  private static final long LONGEST_WAIT = Duration.ofSeconds(2).toNanos();

  /** Nothing is kept per network. */
  enum Shared implements RateLimitState {
    /** The budget of all networks together. */
    BUDGET
  }

  private final LongSupplier clock;
  private final LongSupplier cpuTime;

  /** CPU time in nanoseconds; guarded by this. */
  private long saved = MOST_SAVED;

  private long seen;

  /** Uses this machine's clock and the JVM's CPU times of threads. */
  @Inject
  public ReconcileRate() {
    this(System::nanoTime, ManagementFactory.getThreadMXBean()::getCurrentThreadCpuTime);
  }

  /**
   * @param clock like {@link System#nanoTime}
   * @param cpuTime CPU time of the current thread, in nanoseconds
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

  /** Empty if a reconciliation may begin now. */
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

  /**
   * Runs a reconciliation that was allowed to begin, and charges the CPU time that it used, however
   * it ends.
   */
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
