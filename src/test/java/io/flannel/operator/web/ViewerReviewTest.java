package io.flannel.operator.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The longest validity that a token may have, by its own claims. */
class ViewerReviewTest {
  private static final long MADE = 1_800_000_000L;

  @Test
  void anHourAtMost() {
    assertThat(ViewerReview.endsSoon(token(claims(MADE, MADE + 600)))).isTrue();
    assertThat(ViewerReview.endsSoon(token(claims(MADE, MADE + 3600)))).isTrue();
    assertThat(ViewerReview.endsSoon(token(claims(MADE, MADE + 3601)))).isFalse();
    assertThat(ViewerReview.endsSoon(token(claims(MADE, MADE + 365 * 86_400)))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "null",
        "{",
        "{}",
        "{\"exp\": 1800000600}",
        "{\"iat\": 1800000000}",
        "{\"iat\": \"1800000000\", \"exp\": \"1800000600\"}",
        "{\"iat\": 1e99, \"exp\": 1}",
        "{\"iat\": 100000000000000000000, \"exp\": 1}"
      })
  void whatDoesNotSayIsGoodForTooLong(String claims) {
    assertThat(ViewerReview.endsSoon(token(claims))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a.b.c", "a.b", "a.e30.c.d", "\u0000.\u0000.\u0000"})
  void whatIsNoTokenIs(String token) {
    assertThat(ViewerReview.endsSoon(token)).isFalse();
  }

  private static String claims(long made, long end) {
    return "{\"iat\": %d, \"exp\": %d}".formatted(made, end);
  }

  private static String token(String claims) {
    return "e30."
        + Base64.getUrlEncoder().withoutPadding().encodeToString(claims.getBytes(UTF_8))
        + ".c2ln";
  }
}
