package io.flannel.operator.web.metrics;

/** Says of a bearer token whether it may get the metrics. */
@FunctionalInterface
interface TokenJudge {
  /** The answer; with code 503 where there is none. Takes as long as it takes to ask. */
  Answer judge(String token);
}
