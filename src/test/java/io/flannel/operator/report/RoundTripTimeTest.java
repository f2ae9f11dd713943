package io.flannel.operator.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How large a change of a round-trip time must be to be written. */
class RoundTripTimeTest {
  @ParameterizedTest
  @CsvSource({
    "400, 0.3ms, 0.3ms",
    "500, 0.4ms, 0.4ms",
    "501, 0.4ms, 0.5ms",
    "299, 0.4ms, 0.3ms",
    "300, 0.4ms, 0.4ms",
    "5000, 4ms, 4ms",
    "5001, 4ms, 5ms",
    "3000, 4ms, 4ms",
    "2999, 4ms, 3ms"
  })
  void itMustBeMoreThanAQuarterAndMoreThanATenthOfAMillisecond(
      int micros, String before, String said) {
    assertThat(RoundTripTime.said(Optional.of(micros), before)).isEqualTo(said);
  }

  @Test
  void whatIsNotMeasuredIsNotSaid() {
    assertThat(RoundTripTime.said(Optional.empty(), "0.4ms")).isNull();
  }
}
