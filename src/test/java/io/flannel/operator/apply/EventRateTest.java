package io.flannel.operator.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.report.NetworkEvent;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** How many Events a flapping network produces. */
class EventRateTest {
  private final EventRate rate = new EventRate();
  private Instant now = Instant.parse("2026-11-30T10:00:00Z");

  @Test
  void eventOfNowAndThenIsToldEachTime() {
    for (int i = 0; i < 200; i++) {
      assertThat(rate.tell("a", happening("Ready", i), now)).isPresent();
      now = now.plusSeconds(61);
    }
  }

  @Test
  void aReasonIsToldTwentyFiveTimesAtOnceAndThenOnceAMinute() {
    int told = 0;
    for (int i = 0; i < 3000; i++) {
      told += rate.tell("a", happening("Ready", i), now).isPresent() ? 1 : 0;
      now = now.plusMillis(200);
    }
    assertThat(told).as("in ten minutes").isBetween(34, 36);
    assertThat(rate.tell("a", happening("NotReady", 0), now)).as("others are told").isPresent();
    assertThat(rate.tell("b", happening("Ready", 0), now)).as("of others, too").isPresent();
  }

  @Test
  void allTogetherAreBounded() {
    int told = 0;
    for (int i = 0; i < 600; i++) {
      told += rate.tell("a", happening("Reason" + i % 60, i), now).isPresent() ? 1 : 0;
      now = now.plusMillis(100);
    }
    assertThat(told).as("in a minute, of 60 reasons").isBetween(100, 110);
  }

  @Test
  void eventsHeldBackAreCountedAndTheirLastIsTold() {
    for (int i = 0; i < 25; i++) {
      assertThat(rate.tell("a", happening("Ready", i), now).orElseThrow().others()).isZero();
    }
    for (int i = 25; i < 30; i++) {
      assertThat(rate.tell("a", happening("Ready", i), now)).isEmpty();
    }
    assertThat(rate.heldBack("a", "Ready")).isEqualTo(5);
    assertThat(rate.overdue("a", now)).isEmpty();
    now = now.plusSeconds(60);
    assertThat(rate.overdue("b", now)).isEmpty();
    assertThat(rate.overdue("a", now))
        .containsExactly(new EventRate.Told(happening("Ready", 29), 4));
    assertThat(rate.overdue("a", now)).isEmpty();

    assertThat(rate.tell("a", happening("Ready", 30), now)).isEmpty();
    now = now.plusSeconds(60);
    assertThat(rate.tell("a", happening("Ready", 31), now))
        .contains(new EventRate.Told(happening("Ready", 31), 1));
  }

  @Test
  void aClockThatIsSetBackStopsNothing() {
    for (int i = 0; i < 30; i++) {
      rate.tell("a", happening("Ready", i), now);
    }
    now = now.minusSeconds(86_400);
    assertThat(rate.tell("a", happening("Ready", 30), now))
        .contains(new EventRate.Told(happening("Ready", 30), 5));
  }

  private static NetworkEvent happening(String reason, int number) {
    return new NetworkEvent(true, reason, "message " + number);
  }
}
