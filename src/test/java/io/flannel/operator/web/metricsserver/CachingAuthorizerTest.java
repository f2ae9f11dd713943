package io.flannel.operator.web.metricsserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How long a decision is cached, and how many reviews are requested. */
class CachingAuthorizerTest {
  private final Hands clock = new Hands();
  private final List<String> asked = new ArrayList<>();
  private AuthResult said = AuthResult.ALLOWED;
  private final CachingAuthorizer judge =
      new CachingAuthorizer(
          token -> {
            asked.add(token);
            return said;
          },
          clock);

  @Test
  void anAllowedTokenIsAskedForOnceAMinute() {
    assertThat(judge.judge("prometheus")).isEqualTo(AuthResult.ALLOWED);
    clock.pass(CachingAuthorizer.ALLOWED_FOR.minusMillis(1));
    assertThat(judge.judge("prometheus")).isEqualTo(AuthResult.ALLOWED);
    assertThat(asked).hasSize(1);

    said = AuthResult.forbidden("prometheus");
    clock.pass(Duration.ofMillis(1));
    assertThat(judge.judge("prometheus").code()).isEqualTo(403);
  }

  @Test
  void aRefusedTokenIsAskedForAgainSoon() {
    said = AuthResult.UNKNOWN_TOKEN;
    assertThat(judge.judge("new").code()).isEqualTo(401);
    said = AuthResult.ALLOWED;
    assertThat(judge.judge("new").code()).isEqualTo(401);
    clock.pass(CachingAuthorizer.REFUSED_FOR);
    assertThat(judge.judge("new").code()).isEqualTo(200);
  }

  @Test
  void undecidedTokenIsNeitherRememberedNorAllowed() {
    said = AuthResult.notKnown("the metrics", "connection refused");
    assertThat(judge.judge("prometheus").code()).isEqualTo(503);
    said = AuthResult.ALLOWED;
    assertThat(judge.judge("prometheus").code()).isEqualTo(200);
  }

  @Test
  void oneTokensDecisionIsNoOthers() {
    assertThat(judge.judge("prometheus")).isEqualTo(AuthResult.ALLOWED);
    said = AuthResult.UNKNOWN_TOKEN;
    assertThat(judge.judge("prometheus2").code()).isEqualTo(401);
    assertThat(asked).containsExactly("prometheus", "prometheus2");
  }

  @Test
  void guessingTokensCostsTheApiServerAFewReviewsASecond() {
    said = AuthResult.UNKNOWN_TOKEN;
    for (int i = 0; i < 1000; i++) {
      judge.judge("guess-" + i);
    }
    assertThat(asked).hasSize(CachingAuthorizer.REVIEWS_AT_ONCE);
    assertThat(judge.judge("one more")).isEqualTo(AuthResult.BUSY);

    for (int second = 0; second < 10; second++) {
      clock.pass(Duration.ofSeconds(1));
      for (int i = 0; i < 1000; i++) {
        judge.judge("later-" + second + "-" + i);
      }
    }
    assertThat(asked)
        .hasSize(CachingAuthorizer.REVIEWS_AT_ONCE + 10 * CachingAuthorizer.REVIEWS_PER_SECOND);
  }

  @Test
  void admittedTokenStaysSoWhileOthersGuess() {
    judge.judge("prometheus");
    said = AuthResult.UNKNOWN_TOKEN;
    for (int i = 0; i < 1000; i++) {
      judge.judge("guess-" + i);
    }
    assertThat(judge.judge("prometheus")).isEqualTo(AuthResult.ALLOWED);
  }

  @Test
  void aClockThatIsSetBackLetsNothingThrough() {
    said = AuthResult.UNKNOWN_TOKEN;
    for (int i = 0; i < 100; i++) {
      judge.judge("guess-" + i);
    }
    clock.pass(Duration.ofHours(-1));
    assertThat(judge.judge("one more")).isEqualTo(AuthResult.BUSY);
  }

  private static final class Hands extends Clock {
    private Instant now = Instant.parse("2026-11-26T12:00:00Z");

    void pass(Duration time) {
      now = now.plus(time);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
