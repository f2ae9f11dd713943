package io.flannel.operator.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Formats round-trip times: {@code 0.41ms}, {@code 12ms}. */
final class RoundTripTime {
  private static final MathContext TWO_DIGITS = new MathContext(2);
  private static final Pattern TEXT = Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?)ms");
  private static final BigDecimal MICROS_PER_MILLI = new BigDecimal(1000);

  /** Smaller changes are noise: a status should change only when something happened. */
  private static final BigDecimal NOISE_MICROS = new BigDecimal(100);

  private static final BigDecimal NOISE_SHARE = new BigDecimal("0.25");

  private RoundTripTime() {}

  /**
   * Returns the time in milliseconds, with two significant digits.
   *
   * @param micros in microseconds; empty if not measured
   * @param before the previous text, which is returned unless the time changed by more than a
   *     quarter of it and by more than 0.1 ms
   */
  static @Nullable String said(Optional<Integer> micros, @Nullable String before) {
    if (micros.isEmpty()) {
      return null;
    }
    BigDecimal now = new BigDecimal(micros.get());
    BigDecimal then = micros(before);
    if (then != null) {
      BigDecimal moved = now.subtract(then).abs();
      if (moved.compareTo(NOISE_MICROS) <= 0 || moved.compareTo(then.multiply(NOISE_SHARE)) <= 0) {
        return before;
      }
    }
    BigDecimal millis = now.round(TWO_DIGITS).divide(MICROS_PER_MILLI);
    return (millis.signum() == 0 ? "0" : millis.stripTrailingZeros().toPlainString()) + "ms";
  }

  private static @Nullable BigDecimal micros(@Nullable String text) {
    Matcher matcher = TEXT.matcher(text == null ? "" : text);
    return matcher.matches() ? new BigDecimal(matcher.group(1)).multiply(MICROS_PER_MILLI) : null;
  }
}
