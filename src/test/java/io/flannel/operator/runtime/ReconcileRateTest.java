package io.flannel.operator.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How often reconciliations start, with a simulated clock and simulated CPU times. */
class ReconcileRateTest {
  private long now = -7;
  private long cpu;
  private final ReconcileRate rate = new ReconcileRate(() -> now, () -> cpu);

  @Test
  void oneAfterAPauseBeginsAtOnce() {
    for (int i = 0; i < 100; i++) {
      assertThat(wanted(Duration.ofMillis(30))).isEmpty();
      now += Duration.ofSeconds(1).toNanos();
    }
  }

  @Test
  void reconciliationsAreFiveASecondInTheLongRun() {
    assertThat(begun(Duration.ofMinutes(1), Duration.ofMillis(5)))
        .as("40 at once, then 5 a second")
        .isBetween(330, 341);
  }

  @Test
  void reconciliationsOfALargeNetworkTakeAQuarterOfACore() {
    int begun = begun(Duration.ofMinutes(1), Duration.ofMillis(200));
    assertThat(begun * 200 / 60_000.0).as("cores").isBetween(0.2, 0.3);
  }

  @Test
  void nobodyWaitsForLongerThanTwoSeconds() {
    while (wanted(Duration.ofSeconds(30)).isEmpty()) {
      now++;
    }
    Duration wait = wanted(Duration.ZERO).orElseThrow();
    assertThat(wait).isBetween(Duration.ofMillis(1900), Duration.ofSeconds(2));
    now += wait.toNanos() - 1_000;
    assertThat(wanted(Duration.ZERO)).isPresent();
    now += 1_000;
    assertThat(wanted(Duration.ZERO)).isEmpty();
  }

  @Test
  void aPassThatFailsIsCountedToo() {
    for (int i = 0; i < 2; i++) {
      assertThat(rate.isLimited(rate.initState())).isEmpty();
      try {
        rate.counted(
            () -> {
              cpu += Duration.ofSeconds(1).toNanos();
              throw new IllegalStateException();
            });
      } catch (IllegalStateException e) {
        assertThat(e).hasNoCause();
      }
    }
    assertThat(rate.isLimited(rate.initState())).isPresent();
  }

  /** Counts reconciliations that start as soon as they are allowed, each of this duration. */
  private int begun(Duration within, Duration each) {
    long end = now + within.toNanos();
    int begun = 0;
    while (now < end) {
      Optional<Duration> wait = wanted(each);
      begun += wait.isEmpty() ? 1 : 0;
      now += wait.orElse(each).toNanos();
    }
    return begun;
  }

  private Optional<Duration> wanted(Duration takes) {
    Optional<Duration> wait = rate.isLimited(rate.initState());
    if (wait.isEmpty()) {
      rate.counted(() -> cpu += takes.toNanos());
    }
    return wait;
  }
}
