package io.flannel.operator.apply;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.runtime.ApiErrors;
import java.net.HttpURLConnection;
import org.jspecify.annotations.Nullable;

/**
 * Requests for many objects of one kind. If the API server refuses one, because of a policy or an
 * invalid value, the others are still requested. The first refusal is reported, with the total
 * number.
 *
 * <p>The attempts end early if the API server can't be reached or keeps failing: every further
 * request would time out or fail too.
 */
final class Attempts {
  /** Number of server errors after which no further request is made. */
  private static final int FAULTS = 3;

  private static final int HTTP_TOO_MANY_REQUESTS = 429;

  private final String kind;
  private @Nullable KubernetesClientException first;
  private String message = "";
  private int refused;
  private int faults;

  Attempts(String kind) {
    this.kind = kind;
  }

  /**
   * Tries to write one object.
   *
   * @return whether it was written; false also if the object has changed or is gone, which its
   *     watch reports
   */
  boolean write(String name, Runnable request) {
    return attempt(name, "written", request);
  }

  /**
   * Tries to delete one object.
   *
   * @return whether it was deleted
   */
  boolean delete(String name, Runnable request) {
    return attempt(name, "deleted", request);
  }

  /**
   * Ends the attempts.
   *
   * @throws Applier.ApplyException if any was refused: names the first, and how many more there
   *     were
   */
  void end() {
    if (first != null) {
      throw new Applier.ApplyException(
          refused == 1
              ? message
              : "%s; and %d more of kind %s were refused".formatted(message, refused - 1, kind),
          first);
    }
  }

  private boolean attempt(String name, String done, Runnable request) {
    try {
      request.run();
      return true;
    } catch (KubernetesClientException e) {
      if (ApiErrors.isGone(e) || ApiErrors.isOutdated(e)) {
        return false;
      }
      refused++;
      if (first == null) {
        first = e;
        message = "%s %s could not be %s: %s".formatted(kind, name, done, ApiErrors.said(e));
      }
      faults += isFault(e) ? 1 : 0;
      if (!ApiErrors.isAnswer(e) || faults == FAULTS) {
        end();
      }
      return false;
    }
  }

  private static boolean isFault(KubernetesClientException e) {
    return e.getCode() >= HttpURLConnection.HTTP_INTERNAL_ERROR
        || e.getCode() == HTTP_TOO_MANY_REQUESTS;
  }
}
