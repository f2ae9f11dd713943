package io.flannel.operator.web.metricsserver;

import io.vertx.core.AsyncResult;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers {@code GET /metrics} if the request's bearer token permits it, and nothing else. */
final class ScrapeHandler implements Handler<HttpServerRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(ScrapeHandler.class);

  private static final String SCHEME = "Bearer ";
  private static final int THREADS = 2;

  /** Maximum number of requests waiting or being answered. */
  private static final int IN_HAND = 16;

  private final Supplier<String> metrics;
  private final TokenAuthorizer judge;
  private final WorkerExecutor workers;
  private final Semaphore free = new Semaphore(IN_HAND);

  /**
   * Creates the handler.
   *
   * @param metrics returns the metrics in Prometheus' text format; called for each permitted
   *     request
   */
  ScrapeHandler(Vertx vertx, Supplier<String> metrics, TokenAuthorizer judge) {
    this.metrics = metrics;
    this.judge = judge;
    this.workers = vertx.createSharedWorkerExecutor("metrics", THREADS);
  }

  private record Outcome(AuthResult answer, String metrics) {}

  @Override
  public void handle(HttpServerRequest request) {
    HttpServerResponse response = request.response();
    if (!request.path().equals(MetricsServer.PATH)) {
      say(response, new AuthResult(404, "There is nothing here but " + MetricsServer.PATH));
      return;
    }
    if (!request.method().equals(HttpMethod.GET)) {
      response.putHeader("Allow", "GET");
      say(response, new AuthResult(405, "Metrics can only be got"));
      return;
    }
    String token = token(request.getHeader("Authorization"));
    if (token == null) {
      say(response, AuthResult.NO_TOKEN);
    } else if (!free.tryAcquire()) {
      say(response, AuthResult.BUSY);
    } else {
      workers
          .executeBlocking(() -> outcome(token), false)
          .onComplete(
              result -> {
                free.release();
                respond(response, result);
              });
    }
  }

  private Outcome outcome(String token) {
    AuthResult answer = judge.judge(token);
    return new Outcome(answer, answer.equals(AuthResult.ALLOWED) ? metrics.get() : "");
  }

  private static void respond(HttpServerResponse response, AsyncResult<Outcome> result) {
    if (response.closed()) {
      return;
    }
    if (result.failed()) {
      LOG.error("a request for the metrics failed", result.cause());
      say(response, new AuthResult(500, "The metrics can't be told; the operator's log says why"));
    } else if (result.result().answer().equals(AuthResult.ALLOWED)) {
      response
          .putHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
          .end(result.result().metrics());
    } else {
      say(response, result.result().answer());
    }
  }

  private static void say(HttpServerResponse response, AuthResult answer) {
    if (answer.code() == 401) {
      response.putHeader("WWW-Authenticate", "Bearer");
    }
    if (answer.code() == 503) {
      response.putHeader("Retry-After", "5");
    }
    response
        .setStatusCode(answer.code())
        .putHeader("Content-Type", "text/plain; charset=utf-8")
        .end(answer.message() + "\n");
  }

  /** Returns the token in {@code Authorization: Bearer TOKEN}; the scheme is case-insensitive. */
  static @Nullable String token(@Nullable String authorization) {
    if (authorization == null
        || !authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return null;
    }
    String token = authorization.substring(SCHEME.length()).strip();
    return token.isEmpty() ? null : token;
  }
}
