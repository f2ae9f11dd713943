package io.flannel.operator.agent;

import io.flannel.operator.agent.ApiClient.ApiException;
import io.flannel.operator.agent.OwnFlannelNode.Wanted;
import io.flannel.operator.api.FlannelNodeStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The agent's main loop: checks the node while the FlannelNode asks for it, and writes the status
 * when it says something new or a refresh is due.
 */
final class Reporter {
  private static final Duration BETWEEN_CHECKS = Duration.ofMillis(1500);
  private static final Duration LONGEST_FIRST_LOOK = Duration.ofSeconds(10);

  /**
   * Number of refusals in a row to log: an API server that starts may refuse what it will allow.
   */
  private static final int LOGGED_REFUSALS = 3;

  private final OwnFlannelNode node;
  private final NodeObserver observer;
  private final RandomGenerator random;
  private final Semaphore signal;
  private final FailureLog unwritten = new FailureLog(Reporter.class);
  private final FailureLog unasked = new FailureLog(Reporter.class);
  private int refusals;

  private Optional<Wanted> taken = Optional.empty();
  private long nextCheck = System.nanoTime();
  private @Nullable ReportSchedule schedule;
  private @Nullable SignificantStatus written;

  /** Whether the agent was told to stop. */
  private volatile boolean stopping;

  private final CountDownLatch takenLeave = new CountDownLatch(1);

  /**
   * @param signal released when the spec or the verdict on a peer changes
   */
  Reporter(Semaphore signal, OwnFlannelNode node, NodeObserver observer, RandomGenerator random) {
    this.signal = signal;
    this.node = node;
    this.observer = observer;
    this.random = random;
  }

  /** Runs until the thread is interrupted. */
  void run() throws InterruptedException {
    while (!Thread.currentThread().isInterrupted()) {
      boolean signalled = signal.tryAcquire(nanosToWait(), TimeUnit.NANOSECONDS);
      signal.drainPermits();
      step(signalled);
    }
  }

  /**
   * Has the status say that the agent is about to stop, so that its silence is not taken for a
   * fault. Thread-safe; returns when the status is written or the time is over.
   */
  void takeLeave(Duration patience) throws InterruptedException {
    stopping = true;
    signal.release();
    takenLeave.await(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  private long nanosToWait() {
    long now = System.nanoTime();
    long wait = BETWEEN_CHECKS.toNanos();
    if (schedule != null) {
      wait = Math.min(wait, Math.min(nextCheck - now, schedule.nanosToWait(now)));
    }
    return wait;
  }

  private void step(boolean signalled) throws InterruptedException {
    node.endOverdueWatch();
    Optional<Wanted> now = node.wanted();
    if (stopping) {
      leave(now);
      return;
    }
    Optional<ProbeSettings> settings = now.flatMap(Wanted::settings);
    if (settings.isEmpty()) {
      stop(now);
      return;
    }
    unasked.over("probing again");
    boolean other = !now.equals(taken);
    taken = now;
    if (schedule == null) {
      schedule = new ReportSchedule(random, firstReport(settings.get()));
    }
    if (other || nextCheck - System.nanoTime() <= 0) {
      check(now.get(), settings.get());
    }
    if (signalled || other) {
      schedule.changed(System.nanoTime());
    }
    write(now.get(), schedule);
  }

  /** An agent that has not reported yet has nothing to retract. */
  private void leave(Optional<Wanted> now) throws InterruptedException {
    if (takenLeave.getCount() > 0 && now.isPresent() && written != null && schedule != null) {
      writeNow(now.get(), schedule);
    }
    takenLeave.countDown();
  }

  private void stop(Optional<Wanted> now) {
    if (now.isPresent()) {
      unasked.begins("no probe", "the FlannelNode says not to probe: waiting until it does");
    }
    observer.rest();
    taken = Optional.empty();
    schedule = null;
    written = null;
  }

  /**
   * Returns when every path has a verdict, unless probes are lost now and then: reporting earlier
   * would say Unknown at each restart.
   */
  private static long firstReport(ProbeSettings settings) {
    Duration decided =
        settings.interval().multipliedBy(settings.failAfter()).plus(settings.timeout());
    Duration wait = decided.compareTo(LONGEST_FIRST_LOOK) < 0 ? decided : LONGEST_FIRST_LOOK;
    return System.nanoTime() + wait.toNanos();
  }

  private void check(Wanted now, ProbeSettings settings) {
    observer.look(now.spec(), settings);
    nextCheck = System.nanoTime() + BETWEEN_CHECKS.toNanos();
    if (schedule != null && written != null && !written.equals(observer.substance(now))) {
      schedule.changed(System.nanoTime());
    }
  }

  private void write(Wanted now, ReportSchedule when) throws InterruptedException {
    if (!when.isDue(System.nanoTime())) {
      return;
    }
    boolean refresh = when.isRefresh(System.nanoTime());
    if (!refresh && observer.substance(now).equals(written)) {
      when.unchanged();
      return;
    }
    if (!refresh) {
      // Check the node again, to report lost probes together with what explains them.
      now.settings().ifPresent(settings -> check(now, settings));
    }
    writeNow(now, when);
  }

  private void writeNow(Wanted now, ReportSchedule when) throws InterruptedException {
    FlannelNodeStatus status = observer.status(now, stopping);
    try {
      node.report(status);
      written = SignificantStatus.of(status);
      when.written(System.nanoTime());
      refusals = 0;
      unwritten.over("the status is written again");
    } catch (IOException e) {
      when.failed(System.nanoTime());
      // An outage is logged already.
      if (e instanceof ApiException refusal
          && !refusal.isOutage()
          && ++refusals >= LOGGED_REFUSALS) {
        unwritten.begins(
            "HTTP " + refusal.status(),
            "the FlannelNode's status cannot be written: %s. It is tried again until it can"
                .formatted(e.getMessage()));
      }
    }
  }
}
