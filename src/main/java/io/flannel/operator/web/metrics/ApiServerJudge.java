package io.flannel.operator.web.metrics;

import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.api.model.authentication.UserInfo;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReview;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the API server, as the filter WithAuthenticationAndAuthorization of controller-runtime does:
 * whose token it is, by a TokenReview; whether that user may get the path, by a SubjectAccessReview
 * of a nonResourceURL.
 */
final class ApiServerJudge implements TokenJudge {
  private static final Logger LOG = LoggerFactory.getLogger(ApiServerJudge.class);

  /** Less than the 10 s that Prometheus waits for a scrape, for both reviews together. */
  private static final int TIMEOUT_MILLIS = 4_000;

  private final KubernetesClient client;
  private final AtomicBoolean failing = new AtomicBoolean();

  ApiServerJudge(KubernetesClient client) {
    // Not tried again: whoever asks for metrics waits, and comes again.
    RequestConfig once =
        new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
            .withRequestRetryBackoffLimit(0)
            .withRequestTimeout(TIMEOUT_MILLIS)
            .build();
    this.client = client.newClient(once).adapt(KubernetesClient.class);
  }

  @Override
  public Answer judge(String token) {
    try {
      Answer answer = ask(token);
      if (failing.getAndSet(false)) {
        LOG.info("the API server answers again whether a token may get the metrics");
      }
      return answer;
    } catch (KubernetesClientException e) {
      String why = said(e);
      if (!failing.getAndSet(true)) {
        LOG.warn("nobody gets the metrics who was not let in a minute ago: {}", why);
      }
      return Answer.notKnown(why);
    }
  }

  private Answer ask(String token) {
    TokenReview whose =
        client
            .tokenReviews()
            .create(new TokenReviewBuilder().withNewSpec().withToken(token).endSpec().build());
    if (whose.getStatus() == null
        || !Boolean.TRUE.equals(whose.getStatus().getAuthenticated())
        || whose.getStatus().getUser() == null) {
      return Answer.UNKNOWN_TOKEN;
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
        ? Answer.ALLOWED
        : Answer.forbidden(user.getUsername());
  }

  private static String said(KubernetesClientException e) {
    if (e.getStatus() != null && e.getStatus().getMessage() != null) {
      return e.getStatus().getMessage();
    }
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }
}
