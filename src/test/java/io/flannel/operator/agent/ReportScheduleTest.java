package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ReportScheduleTest {
  private static final long MILLI = 1_000_000;

  private final ReportSchedule schedule = new ReportSchedule(new Random(1), 0);

  @Test
  void theFirstIsDueAtItsTime() {
    assertThat(schedule.isDue(-1)).isFalse();
    assertThat(schedule.isDue(0)).isTrue();
  }

  @Test
  void changesAreWrittenTogetherSoonAfterTheFirst() {
    schedule.written(0);
    long now = Duration.ofSeconds(60).toNanos();
    schedule.changed(now);
    schedule.changed(now + 150 * MILLI);

    assertThat(schedule.isDue(now + 199 * MILLI)).isFalse();
    assertThat(schedule.isDue(now + 200 * MILLI)).isTrue();
    assertThat(schedule.isRefresh(now + 200 * MILLI)).isFalse();
  }

  @Test
  void reportThatChangedBackIsNotDue() {
    schedule.written(0);
    schedule.changed(0);
    schedule.unchanged();

    assertThat(schedule.isDue(Duration.ofMinutes(5).toNanos())).isFalse();
  }

  @Test
  void reportWithoutAChangeIsWrittenEveryTenMinutesOrSo() {
    schedule.written(0);

    assertThat(schedule.isDue(Duration.ofMinutes(9).toNanos() - 1)).isFalse();
    assertThat(schedule.isDue(Duration.ofMinutes(11).toNanos())).isTrue();
  }

  @Test
  void failuresAreTriedAgainAtGrowingIntervals() {
    schedule.written(0);
    long now = Duration.ofMinutes(20).toNanos();
    for (int i = 0; i < 20; i++) {
      schedule.failed(now);
    }
    assertThat(schedule.nanosToWait(now)).isBetween(15_000 * MILLI, 30_000 * MILLI);
    assertThat(schedule.isDue(now + 30_000 * MILLI)).isTrue();
  }

  @Property
  void flappingReportIsWrittenAtMostOnceASecond(
      @ForAll long begin,
      @ForAll @Size(max = 200) List<@LongRange(max = 700) Long> millisBetweenChanges) {
    ReportSchedule flapping = new ReportSchedule(new Random(1), begin);
    long now = begin;
    long last = 0;
    boolean any = false;
    for (long millis : millisBetweenChanges) {
      now += millis * MILLI;
      flapping.changed(now);
      if (flapping.isDue(now)) {
        if (any) {
          assertThat(now - last).isGreaterThanOrEqualTo(1000 * MILLI);
        }
        any = true;
        last = now;
        flapping.written(now);
      }
    }
  }
}
