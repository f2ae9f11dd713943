package io.flannel.operator.runtime;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;

/** What went wrong with a request to the API server, in words for people. */
public final class ApiErrors {
  private static final int HTTP_UNPROCESSABLE = 422;

  private ApiErrors() {}

  /** The API server's own message; without an answer from it, the cause. */
  public static String said(KubernetesClientException e) {
    if (e.getStatus() != null && e.getStatus().getMessage() != null) {
      return e.getStatus().getMessage();
    }
    return rootMessage(e);
  }

  /** Whether the API server answered: else it was not reached, and no other request would be. */
  public static boolean isAnswer(KubernetesClientException e) {
    return e.getCode() != 0;
  }

  /** The message of the first cause. */
  public static String rootMessage(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }

  /**
   * Whether a request that names an object by its uid came too late: the object is gone, or another
   * of its name is there.
   */
  public static boolean isGone(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_NOT_FOUND
        || e.getCode() == HttpURLConnection.HTTP_CONFLICT
        || (e.getCode() == HTTP_UNPROCESSABLE && said(e).contains("metadata.uid"));
  }

  /**
   * Whether a JSON patch's {@code test} found another value: the object is not the one that was
   * looked at. What the schema or a policy refuses names the object; this names none.
   */
  public static boolean isOutdated(KubernetesClientException e) {
    return e.getCode() == HTTP_UNPROCESSABLE
        && e.getStatus() != null
        && (e.getStatus().getDetails() == null || e.getStatus().getDetails().getName() == null)
        && said(e).contains("rejected our request");
  }
}
