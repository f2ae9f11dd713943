package io.flannel.operator.web.metricsserver;

/**
 * The answer to a request with a token, for the metrics or for something else.
 *
 * @param code the HTTP status: 200, 401, 403 or 503; 503 if it could not be decided
 * @param message why it was refused, and what to do; empty with 200
 */
public record AuthResult(int code, String message) {
  /** The token is accepted. */
  public static final AuthResult ALLOWED = new AuthResult(200, "");

  static final AuthResult NO_TOKEN =
      new AuthResult(
          401, "There is no bearer token. Send a ServiceAccount's: Authorization: Bearer TOKEN");

  static final AuthResult UNKNOWN_TOKEN =
      new AuthResult(
          401,
          "The API server does not accept this token: it is expired, revoked, of another cluster or"
              + " for another audience. Send one that the API server itself would take");

  /** There are too many requests to check this one. */
  public static final AuthResult BUSY =
      new AuthResult(
          503,
          "Too many requests with tokens that were not seen before. Try again in some seconds");

  static AuthResult forbidden(String user) {
    return new AuthResult(
        403,
        user
            + " may not get "
            + MetricsServer.PATH
            + ". Bind it to the ClusterRole that the chart makes for this, its release's name"
            + " followed by -metrics-reader");
  }

  /** Nobody is admitted while the API server can't be asked. */
  static AuthResult notKnown(String what, String why) {
    return new AuthResult(
        503, "Whether this token may get " + what + " can't be asked of the API server: " + why);
  }

  /** Whether this is the API server's decision, which may be cached for a while. */
  boolean isDecision() {
    return code != 503;
  }
}
