package io.flannel.operator.agent;

import io.flannel.operator.agent.ApiClient.ApiException;
import io.flannel.operator.agent.OwnFlannelNode.Wanted;
import io.flannel.operator.agent.checks.LocalChecks;
import io.flannel.operator.agent.checks.LocalState;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Brings together what is wanted, what the probes see and what is on the node: tells the prober
 * whom to probe, and writes the status when it says something new.
 */
final class Reporter {
  private static final Duration BETWEEN_CHECKS = Duration.ofMillis(1500);
  private static final Duration LONGEST_FIRST_LOOK = Duration.ofSeconds(10);

  private final OwnFlannelNode node;
  private final LocalChecks checks;
  private final Prober prober;
  private final ProbeKeyFiles keys;
  private final Clock clock;
  private final RandomGenerator random;
  private final RunningAgent agent;
  private final Semaphore signal;
  private final FailureLog unwritten = new FailureLog(Reporter.class);
  private final FailureLog unchecked = new FailureLog(Reporter.class);
  private final FailureLog unasked = new FailureLog(Reporter.class);

  private Optional<Wanted> taken = Optional.empty();
  private LocalState local = LocalState.NOTHING;
  private OptionalInt mtu = OptionalInt.empty();
  private @Nullable ProbeSettings probed;
  private long nextCheck = System.nanoTime();
  private @Nullable ReportSchedule schedule;
  private @Nullable SignificantStatus written;

  /** Whether the agent was told to stop. */
  private volatile boolean stopping;

  private final CountDownLatch takenLeave = new CountDownLatch(1);

  /**
   * @param signal released when what is wanted or the verdict on a peer changed
   * @param keys what requests are signed with
   * @param agent what the status says of itself
   */
  Reporter(
      Semaphore signal,
      OwnFlannelNode node,
      LocalChecks checks,
      Prober prober,
      ProbeKeyFiles keys,
      Clock clock,
      RandomGenerator random,
      RunningAgent agent) {
    this.signal = signal;
    this.node = node;
    this.checks = checks;
    this.prober = prober;
    this.keys = keys;
    this.clock = clock;
    this.random = random;
    this.agent = agent;
  }

  /** Works until the thread is interrupted. */
  void run() throws InterruptedException {
    while (!Thread.currentThread().isInterrupted()) {
      boolean signalled = signal.tryAcquire(nanosToWait(), TimeUnit.NANOSECONDS);
      signal.drainPermits();
      step(signalled);
    }
  }

  /**
   * Has the status say that the agent is about to stop: that it is silent from now on is no fault.
   * By any thread; returns when it is written, or could not be in time.
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

  /** Who has not reported yet has nothing to take back. */
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
    prober.probe(null);
    probed = null;
    taken = Optional.empty();
    schedule = null;
    written = null;
  }

  /**
   * When every path is decided, unless it is lost now and then: not to say Unknown at a restart.
   */
  private static long firstReport(ProbeSettings settings) {
    Duration decided =
        settings.interval().multipliedBy(settings.failAfter()).plus(settings.timeout());
    Duration wait = decided.compareTo(LONGEST_FIRST_LOOK) < 0 ? decided : LONGEST_FIRST_LOOK;
    return System.nanoTime() + wait.toNanos();
  }

  private void check(Wanted now, ProbeSettings settings) {
    keys.look(System.nanoTime());
    try {
      local = checks.look(now.spec());
      unchecked.over("the node can be checked again");
    } catch (RuntimeException e) {
      unchecked.begins(
          e.toString(), "the node could not be checked, so what was seen before is told: " + e);
    }
    nextCheck = System.nanoTime() + BETWEEN_CHECKS.toNanos();
    OptionalInt found = PodMtu.find(now.spec(), local.device(), settings);
    // A device that is gone for a moment is no reason to forget what full-size probes saw.
    mtu = found.isPresent() ? found : mtu;
    ProbeSettings withMtu = settings.withMtu(mtu);
    if (!withMtu.equals(probed)) {
      probed = withMtu;
      prober.probe(withMtu);
    }
    if (schedule != null && written != null && !written.equals(substance(now))) {
      schedule.changed(System.nanoTime());
    }
  }

  private void write(Wanted now, ReportSchedule when) throws InterruptedException {
    if (!when.isDue(System.nanoTime())) {
      return;
    }
    boolean refresh = when.isRefresh(System.nanoTime());
    if (!refresh && substance(now).equals(written)) {
      when.unchanged();
      return;
    }
    if (!refresh) {
      // What the probes lost is told together with what explains it.
      now.settings().ifPresent(settings -> check(now, settings));
    }
    writeNow(now, when);
  }

  private void writeNow(Wanted now, ReportSchedule when) throws InterruptedException {
    FlannelNodeStatus status = status(now, prober.reports());
    try {
      node.report(status);
      written = SignificantStatus.of(status);
      when.written(System.nanoTime());
      unwritten.over("the status is written again");
    } catch (ApiException e) {
      when.failed(System.nanoTime());
      unwritten.begins(
          "HTTP " + e.status(),
          "the FlannelNode's status cannot be written: %s. It is tried again until it can"
              .formatted(e.getMessage()));
    } catch (IOException e) {
      // Said already, of the API server as a whole.
      when.failed(System.nanoTime());
    }
  }

  /** What the status would be written for now. */
  private SignificantStatus substance(Wanted now) {
    return SignificantStatus.of(status(now, prober.reportsWithoutTimes()));
  }

  private FlannelNodeStatus status(Wanted now, List<PeerReport> peers) {
    Device device = local.device().orElse(null);
    return new FlannelNodeStatus(
        now.generation(),
        clock.instant().truncatedTo(ChronoUnit.MILLIS).toString(),
        agent.version(),
        agent.since().truncatedTo(ChronoUnit.MILLIS).toString(),
        stopping ? true : null,
        agent.nodeBootedAt(),
        device,
        local.bridgeAddress().orElse(null),
        local.way().nic().orElse(null),
        local.way().bridge().orElse(null),
        local.findings(),
        peers.stream().map(peer -> peer.with(local.way().routes().get(peer.name()))).toList());
  }
}
