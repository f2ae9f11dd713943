package io.flannel.operator.flannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Durations, times, JSON and hashes as Go and Kubernetes write them. */
class TextFormsTest {
  @ParameterizedTest
  @CsvSource({
    "10m, PT10M",
    "1h30m, PT1H30M",
    "1.5h, PT1H30M",
    "250ms, PT0.25S",
    "2s, PT2S",
    "0s, PT0S",
    "0000000000000000000000000000001s, PT1S"
  })
  void aDurationIsASumOfItsParts(String text, Duration duration) {
    assertThat(Durations.parse(text)).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "m", "-1s", "1d", "1s ", "00000000000000000000000000000001s"})
  void anotherTextIsNoDuration(String text) {
    assertThatThrownBy(() -> Durations.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is no duration such as 10m or 1h30m");
  }

  @Test
  void aTextThatIsTooLongIsRepeatedInPart() {
    assertThatThrownBy(() -> Durations.parse("x".repeat(33)))
        .hasMessageStartingWith("'" + "x".repeat(32) + "…' is no");
    assertThatThrownBy(() -> Durations.parse("x".repeat(32)))
        .hasMessageStartingWith("'" + "x".repeat(32) + "' is no");
  }

  @ParameterizedTest
  @CsvSource({"PT10M, 10m", "PT1H30M, 1h30m", "PT90.5S, 1m30.5s", "PT0S, 0s"})
  void aDurationIsSaidInItsUnits(Duration duration, String said) {
    assertThat(Durations.said(duration)).isEqualTo(said);
  }

  @ParameterizedTest
  @CsvSource({
    "1970-01-01T00:00:00Z, true",
    "1969-12-31T23:59:59Z, false",
    "9999-12-31T23:59:59Z, true",
    "+10000-01-01T00:00:00Z, false",
    "yesterday, false",
    "2026-01-01T00:00:00.000000000000000000000000000000000000000000000Z, false",
    ", false"
  })
  void aTimeIsFrom1970To9999(String text, boolean is) {
    assertThat(Times.tryParse(text))
        .isEqualTo(Optional.ofNullable(is ? Instant.parse(text) : null));
  }

  @Test
  void jsonIsReadAsGoReadsIt() {
    GoJson json =
        GoJson.parse("{\"PORT\": 1, \"port\": 2, \"Flag\": true, \"Zero\": 0, \"T\": \"x\"}");
    assertThat(json.number("Port", 7)).as("the last of several").isEqualTo(2);
    assertThat(json.number("Other", 7)).isEqualTo(7);
    assertThat(json.nonZero("Port")).isEqualTo(2);
    assertThat(json.nonZero("Zero")).isNull();
    assertThat(json.flag("flag")).isTrue();
    assertThat(json.flag("Other")).isFalse();
    assertThat(json.text("t", "y")).isEqualTo("x");
    assertThat(json.text("Other", "y")).isEqualTo("y");
  }

  @ParameterizedTest
  @ValueSource(strings = {"no JSON", "{} {}", ""})
  void whatIsNoJsonReadsAsMissing(String text) {
    assertThat(GoJson.parse(text).node().isMissingNode()).isTrue();
    assertThat(GoJson.parse(null).node().isMissingNode()).isTrue();
  }

  @Test
  void aHashChangesWithEachTextAndTheirOrder() {
    assertThat(ShortHash.of("a", "b"))
        .matches("[0-9a-f]{10}")
        .isNotEqualTo(ShortHash.of("b", "a"))
        .isNotEqualTo(ShortHash.of("ab"))
        .isNotEqualTo(ShortHash.of("a"))
        .isNotEqualTo(ShortHash.of("a", ""));
    assertThat(ShortHash.of("a")).as("SHA-256 of the text alone").isEqualTo("ca978112ca");
  }
}
