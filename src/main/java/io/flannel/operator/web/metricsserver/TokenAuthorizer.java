package io.flannel.operator.web.metricsserver;

/** Says of a token whether it opens what it is sent for. */
@FunctionalInterface
public interface TokenAuthorizer {
  /** The answer; with code 503 where there is none. Takes as long as it takes to ask. */
  AuthResult judge(String token);
}
