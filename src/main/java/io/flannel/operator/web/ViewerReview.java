package io.flannel.operator.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.web.metricsserver.AuthResult;
import io.flannel.operator.web.metricsserver.ReviewAuthorizer;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;

/**
 * Checks by a TokenReview that a token belongs to the viewer's ServiceAccount, is for the viewer's
 * audience and is short-lived. That account has no rights, so anyone who may create its tokens can
 * use them for this and nothing else.
 */
final class ViewerReview implements ReviewAuthorizer.Review {
  /**
   * Maximum lifetime of a token, from its creation to its expiry. On request the API server issues
   * tokens for a year; with one of those, access would outlast a revoked right.
   */
  static final Duration LONGEST_LIFE = Duration.ofHours(1);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final String namespace;
  private final String account;

  /** Creates the check for this ServiceAccount's tokens. */
  ViewerReview(String namespace, String account) {
    this.namespace = namespace;
    this.account = account;
  }

  /** Returns a command that prints such a token. */
  String howToGetOne() {
    return "kubectl -n %s create token %s --audience %s --duration 10m"
        .formatted(namespace, account, ViewerServer.AUDIENCE);
  }

  @Override
  public AuthResult ask(KubernetesClient client, String token) {
    TokenReviewStatus review =
        client
            .tokenReviews()
            .create(
                new TokenReviewBuilder()
                    .withNewSpec()
                    .withToken(token)
                    .withAudiences(ViewerServer.AUDIENCE)
                    .endSpec()
                    .build())
            .getStatus();
    if (review == null
        || !Boolean.TRUE.equals(review.getAuthenticated())
        || review.getUser() == null
        || !audiences(review).contains(ViewerServer.AUDIENCE)) {
      return refused(
          "the API server does not accept this token for audience %s: it is expired, revoked, of"
                  .formatted(ViewerServer.AUDIENCE)
              + " another cluster or for another audience");
    }
    String user = review.getUser().getUsername();
    if (!"system:serviceaccount:%s:%s".formatted(namespace, account).equals(user)) {
      return refused(
          "this token is that of %s, and only that of ServiceAccount %s in namespace %s is let in"
              .formatted(Responses.printable(String.valueOf(user)), account, namespace));
    }
    if (!endsSoon(token)) {
      return refused(
          "this token is good for longer than %d minutes".formatted(LONGEST_LIFE.toMinutes()));
    }
    return AuthResult.ALLOWED;
  }

  private AuthResult refused(String why) {
    return new AuthResult(401, why + ". Send one made by: " + howToGetOne());
  }

  /** An API server that does not support audiences returns none. */
  private static List<String> audiences(TokenReviewStatus review) {
    return review.getAudiences() == null ? List.of() : review.getAudiences();
  }

  /** Whether the token is short-lived by its own claims, which the API server has verified. */
  static boolean endsSoon(String token) {
    String[] parts = token.split("\\.", -1);
    if (parts.length != 3) {
      return false;
    }
    try {
      JsonNode claims = JSON.readTree(Base64.getUrlDecoder().decode(parts[1]));
      JsonNode made = claims.path("iat");
      JsonNode end = claims.path("exp");
      return made.isIntegralNumber()
          && end.isIntegralNumber()
          && made.canConvertToLong()
          && end.canConvertToLong()
          && end.asLong() - LONGEST_LIFE.toSeconds() <= made.asLong();
    } catch (IllegalArgumentException | IOException e) {
      return false;
    }
  }
}
