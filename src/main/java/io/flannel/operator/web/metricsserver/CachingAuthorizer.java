package io.flannel.operator.web.metricsserver;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Caches decisions for a while, so that a Prometheus that scrapes every few seconds costs the API
 * server little, and limits the rate of reviews, so that nobody can load the API server by guessing
 * tokens. Tokens are stored as hashes. What could not be decided is not cached.
 */
public final class CachingAuthorizer implements TokenAuthorizer {
  /** How long an acceptance is cached: a revoked right ends after that. */
  static final Duration ALLOWED_FOR = Duration.ofMinutes(1);

  /** How long a refusal is cached: a granted right takes effect after that. */
  static final Duration REFUSED_FOR = Duration.ofSeconds(10);

  static final int REMEMBERED = 256;

  /** Maximum burst of reviews, and the rate at which it refills. */
  static final int REVIEWS_AT_ONCE = 20;

  static final int REVIEWS_PER_SECOND = 5;

  private record Remembered(AuthResult answer, Instant until) {}

  private final TokenAuthorizer asked;
  private final Clock clock;
  private final Map<String, Remembered> decisions =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Remembered> eldest) {
          return size() > REMEMBERED;
        }
      };
  private double reviewsLeft = REVIEWS_AT_ONCE;
  private Instant counted;

  /** Creates an authorizer with an empty cache. */
  public CachingAuthorizer(TokenAuthorizer asked, Clock clock) {
    this.asked = asked;
    this.clock = clock;
    this.counted = clock.instant();
  }

  @Override
  public AuthResult judge(String token) {
    String hash = hash(token);
    synchronized (this) {
      AuthResult known = remembered(hash);
      if (known != null) {
        return known;
      }
      if (!mayReview()) {
        return AuthResult.BUSY;
      }
    }
    AuthResult answer = asked.judge(token);
    if (answer.isDecision()) {
      Duration holds = answer.equals(AuthResult.ALLOWED) ? ALLOWED_FOR : REFUSED_FOR;
      synchronized (this) {
        decisions.put(hash, new Remembered(answer, clock.instant().plus(holds)));
      }
    }
    return answer;
  }

  private @Nullable AuthResult remembered(String hash) {
    Remembered known = decisions.get(hash);
    return known == null || !clock.instant().isBefore(known.until()) ? null : known.answer();
  }

  private boolean mayReview() {
    Instant now = clock.instant();
    double seconds = Math.max(0, Duration.between(counted, now).toMillis() / 1000.0);
    counted = now;
    reviewsLeft = Math.min(REVIEWS_AT_ONCE, reviewsLeft + seconds * REVIEWS_PER_SECOND);
    if (reviewsLeft < 1) {
      return false;
    }
    reviewsLeft--;
    return true;
  }

  private static String hash(String token) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JVM has SHA-256", e);
    }
  }
}
