package io.flannel.operator.web.metricsserver;

import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.UserInfo;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;

/**
 * Works like controller-runtime's filter WithAuthenticationAndAuthorization: a TokenReview
 * identifies the user, and a SubjectAccessReview of the nonResourceURL decides whether that user
 * may get the path.
 */
final class MetricsReview implements ReviewAuthorizer.Review {
  @Override
  public AuthResult ask(KubernetesClient client, String token) {
    TokenReview whose =
        client
            .tokenReviews()
            .create(new TokenReviewBuilder().withNewSpec().withToken(token).endSpec().build());
    if (whose.getStatus() == null
        || !Boolean.TRUE.equals(whose.getStatus().getAuthenticated())
        || whose.getStatus().getUser() == null) {
      return AuthResult.UNKNOWN_TOKEN;
    }
    UserInfo user = whose.getStatus().getUser();
    SubjectAccessReview may =
        client
            .authorization()
            .v1()
            .subjectAccessReview()
            .create(
                new SubjectAccessReviewBuilder()
                    .withNewSpec()
                    .withUser(user.getUsername())
                    .withUid(user.getUid())
                    .withGroups(user.getGroups())
                    .withExtra(user.getExtra())
                    .withNewNonResourceAttributes()
                    .withPath(MetricsServer.PATH)
                    .withVerb("get")
                    .endNonResourceAttributes()
                    .endSpec()
                    .build());
    return may.getStatus() != null && Boolean.TRUE.equals(may.getStatus().getAllowed())
        ? AuthResult.ALLOWED
        : AuthResult.forbidden(user.getUsername());
  }
}
