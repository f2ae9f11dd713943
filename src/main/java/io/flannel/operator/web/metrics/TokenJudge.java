package io.flannel.operator.web.metrics;

/** Says of a token whether it opens what it is sent for. */
@FunctionalInterface
public interface TokenJudge {
  /** The answer; with code 503 where there is none. Takes as long as it takes to ask. */
  Answer judge(String token);
}
