package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void aBurstPassesThenSoManyASecond() {
    RateLimit limit = new RateLimit(10, 3, 0);

    assertThat(passed(limit, 0, 100)).isEqualTo(3);
    assertThat(limit.allows(SECOND / 10 - 1)).isFalse();
    assertThat(limit.allows(SECOND / 10)).isTrue();
    assertThat(limit.allows(SECOND / 10)).isFalse();
  }

  @Test
  void aLongPauseGivesNoMoreThanABurst() {
    RateLimit limit = new RateLimit(10, 3, 0);

    assertThat(passed(limit, Long.MAX_VALUE - 1, 100)).isEqualTo(3);
  }

  @Property
  void permitsNeverExceedBurstAndRateWhereverTimeBegins(
      @ForAll long begin, @ForAll @Size(max = 200) List<@LongRange(max = 2 * SECOND) Long> pauses) {
    RateLimit limit = new RateLimit(8, 16, begin);
    long now = begin;
    int passed = 0;
    for (long pause : pauses) {
      now += pause;
      passed += limit.allows(now) ? 1 : 0;
    }
    assertThat((double) passed).isLessThanOrEqualTo(16 + 8.0 * (now - begin) / SECOND);
  }

  private static int passed(RateLimit limit, long at, int asked) {
    int passed = 0;
    for (int i = 0; i < asked; i++) {
      passed += limit.allows(at) ? 1 : 0;
    }
    return passed;
  }
}
