package io.flannel.operator.apply;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.runtime.ApiErrors;
import java.net.HttpURLConnection;
import org.jspecify.annotations.Nullable;

/**
 * Requests for many objects of a kind, of which one that the API server refuses stops no other:
 * neither a policy that one object breaks nor an odd value in it. The first refusal is kept to be
 * told, with the number of all.
 *
 * <p>An API server that does not answer, or whose answer is that it can't, ends them: it would say
 * the same of the others, each after its time.
 */
final class Attempts {
  /** After so many answers of a server that can't, none is asked for any more. */
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
   * Asks for one object to be written.
   *
   * @return whether it was; not if the object is another by now, which its watch tells
   */
  boolean write(String name, Runnable request) {
    return attempt(name, "written", request);
  }

  /**
   * Asks for one object to be deleted.
   *
   * @return whether it was
   */
  boolean delete(String name, Runnable request) {
    return attempt(name, "deleted", request);
  }

  /**
   * Ends them.
   *
   * @throws Applier.ApplyException if one was refused: says the first, and how many more
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
