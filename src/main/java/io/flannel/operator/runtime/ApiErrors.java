package io.flannel.operator.runtime;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;

/** Describes what went wrong with a request to the API server, in words for people. */
public final class ApiErrors {
  private static final int HTTP_UNPROCESSABLE = 422;

  private ApiErrors() {}

  /** The API server's own message; without one, the root cause's. */
  public static String said(KubernetesClientException e) {
    if (e.getStatus() != null && e.getStatus().getMessage() != null) {
      return e.getStatus().getMessage();
    }
    return rootMessage(e);
  }

  /** Whether the API server answered. If not, it is unreachable for other requests, too. */
  public static boolean isAnswer(KubernetesClientException e) {
    return e.getCode() != 0;
  }

  /** The message of the root cause, or its class if it has none. */
  public static String rootMessage(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }

  /**
   * Whether a request that names an object's uid came too late: the object is gone, or another one
   * has its name.
   */
  public static boolean isGone(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_NOT_FOUND
        || e.getCode() == HttpURLConnection.HTTP_CONFLICT
        || (e.getCode() == HTTP_UNPROCESSABLE && said(e).contains("metadata.uid"));
  }

  /**
   * Whether a JSON patch's {@code test} found another value: the object has changed since it was
   * read. Refusals by the schema or a policy name the object; this one does not.
   */
  public static boolean isOutdated(KubernetesClientException e) {
    return e.getCode() == HTTP_UNPROCESSABLE
        && e.getStatus() != null
        && (e.getStatus().getDetails() == null || e.getStatus().getDetails().getName() == null)
        && said(e).contains("rejected our request");
  }
}
