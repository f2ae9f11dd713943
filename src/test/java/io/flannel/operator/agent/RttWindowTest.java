package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RttWindowTest {
  @Test
  void medianAndTail() {
    RttWindow window = new RttWindow();
    for (int i = 1; i <= 100; i++) {
      window.add(i <= 98 ? 200 : 9000);
    }
    assertThat(window.percentile(50)).isEqualTo(200);
    assertThat(window.percentile(99)).isEqualTo(9000);
  }

  @Test
  void oldMeasurementsAreForgotten() {
    RttWindow window = new RttWindow();
    add(window, 500, 9000);
    add(window, 256, 200);

    assertThat(window.percentile(100)).isEqualTo(200);
  }

  @Property
  void anyTimeCanBeAdded(@ForAll long micros) {
    RttWindow window = new RttWindow();
    window.add(micros);

    assertThat(window.percentile(50)).isBetween(1, 1_000_000);
    assertThat(window.isEmpty()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "7, 7",
    "99, 99",
    "100, 100",
    "104, 100",
    "105, 110",
    "1234, 1200",
    "999, 1000"
  })
  void twoDigits(int value, int rounded) {
    assertThat(RttWindow.twoDigits(value)).isEqualTo(rounded);
  }

  @Property
  void roundingIsOffByFivePercentAtMost(@ForAll @IntRange(min = 10, max = 1_000_000) int value) {
    assertThat(Math.abs(RttWindow.twoDigits(value) - value)).isLessThanOrEqualTo(value / 20 + 1);
  }

  private static void add(RttWindow window, int times, long micros) {
    for (int i = 0; i < times; i++) {
      window.add(micros);
    }
  }
}
