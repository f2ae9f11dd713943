package io.flannel.operator.web.metricsserver;

/** Decides whether a token permits the request that it was sent with. */
@FunctionalInterface
public interface TokenAuthorizer {
  /** Returns the answer, with code 503 if there is none. Blocks until the answer is known. */
  AuthResult judge(String token);
}
