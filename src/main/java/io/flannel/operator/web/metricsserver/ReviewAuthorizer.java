package io.flannel.operator.web.metricsserver;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks the API server once per call, and reports it if the API server can't be asked. */
public final class ReviewAuthorizer implements TokenAuthorizer {
  private static final Logger LOG = LoggerFactory.getLogger(ReviewAuthorizer.class);

  /** Two requests together must take less than the 10 s that Prometheus waits for a scrape. */
  private static final int TIMEOUT_MILLIS = 4_000;

  private final KubernetesClient client;
  private final String what;
  private final Review review;
  private final AtomicBoolean failing = new AtomicBoolean();

  /** A request to the API server. */
  @FunctionalInterface
  public interface Review {
    /**
     * Returns the API server's answer.
     *
     * @throws KubernetesClientException if it could not be asked
     */
    AuthResult ask(KubernetesClient client, String token);
  }

  /**
   * Creates an authorizer for one kind of access.
   *
   * @param what what it gives access to, such as {@code the metrics}
   */
  public ReviewAuthorizer(KubernetesClient client, String what, Review review) {
    // No retries: the client is waiting, and will ask again.
    RequestConfig once =
        new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
            .withRequestRetryBackoffLimit(0)
            .withRequestTimeout(TIMEOUT_MILLIS)
            .build();
    this.client = client.newClient(once).adapt(KubernetesClient.class);
    this.what = what;
    this.review = review;
  }

  @Override
  public AuthResult judge(String token) {
    try {
      AuthResult answer = review.ask(client, token);
      if (failing.getAndSet(false)) {
        LOG.info("the API server answers again whether a token may get {}", what);
      }
      return answer;
    } catch (KubernetesClientException e) {
      String why = said(e);
      if (!failing.getAndSet(true)) {
        LOG.warn("nobody gets {} who was not let in a minute ago: {}", what, why);
      }
      return AuthResult.notKnown(what, why);
    }
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
