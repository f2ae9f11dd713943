package io.flannel.operator.web;

import io.flannel.operator.web.metricsserver.AuthResult;
import io.flannel.operator.web.metricsserver.TokenAuthorizer;
import io.vertx.core.AsyncResult;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Admits {@code POST /text/…} requests whose body is a token that the judge allows, one request per
 * connection.
 *
 * <p>The token is in the body because the API server removes the {@code Authorization} header from
 * requests that it proxies, and writes URLs to its audit log.
 */
final class ViewerGate implements Handler<RoutingContext> {
  /** Maximum size of the body in bytes. A ServiceAccount's token has about 1000. */
  static final int LONGEST_BODY = 8 * 1024;

  private static final Logger LOG = LoggerFactory.getLogger(ViewerGate.class);
  private static final int THREADS = 2;

  /** Maximum number of requests whose tokens are checked at the same time. */
  private static final int IN_HAND = 16;

  private final Vertx vertx;
  private final TokenAuthorizer judge;
  private final String howToGetToken;
  private final Duration patience;
  private final WorkerExecutor workers;
  private final Semaphore free = new Semaphore(IN_HAND);

  /**
   * Creates the gate.
   *
   * @param howToGetToken a command that prints a token
   * @param patience how long the whole body may take to arrive
   */
  ViewerGate(Vertx vertx, TokenAuthorizer judge, String howToGetToken, Duration patience) {
    this.vertx = vertx;
    this.judge = judge;
    this.howToGetToken = howToGetToken;
    this.patience = patience;
    this.workers = vertx.createSharedWorkerExecutor("viewer", THREADS);
  }

  @Override
  public void handle(RoutingContext context) {
    HttpServerRequest request = context.request();
    HttpServerResponse response = context.response();
    response
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("Cache-Control", "no-store")
        .putHeader("Connection", "close")
        .endHandler(ended -> request.connection().close());
    if (!context.normalizedPath().startsWith("/text/")) {
      TextRoutes.noSuchPath(context);
    } else if (!HttpMethod.POST.equals(request.method())) {
      response.putHeader("Allow", "POST");
      TextRoutes.error(context, 405, "nothing can be changed here: POST a token, and be told");
    } else {
      read(context);
    }
  }

  private void read(RoutingContext context) {
    HttpServerRequest request = context.request();
    Buffer body = Buffer.buffer();
    long late =
        vertx.setTimer(
            patience.toMillis(),
            timer ->
                refuse(
                    context,
                    408,
                    "the request's body did not come within %d s".formatted(patience.toSeconds())));
    request.exceptionHandler(broken -> vertx.cancelTimer(late));
    request.handler(
        chunk -> {
          if (body.length() + chunk.length() > LONGEST_BODY) {
            vertx.cancelTimer(late);
            refuse(
                context,
                413,
                "the request's body is no token: it is longer than %d bytes"
                    .formatted(LONGEST_BODY));
          } else {
            body.appendBuffer(chunk);
          }
        });
    request.endHandler(
        whole -> {
          if (vertx.cancelTimer(late)) {
            judge(context, body.toString(StandardCharsets.US_ASCII).strip());
          }
        });
  }

  private void judge(RoutingContext context, String token) {
    if (token.isEmpty()) {
      refuse(
          context,
          401,
          "the request's body is empty; it must be a token, made by: " + howToGetToken);
    } else if (!free.tryAcquire()) {
      refuse(context, 503, AuthResult.BUSY.message());
    } else {
      workers
          .executeBlocking(() -> judge.judge(token), false)
          .onComplete(
              result -> {
                free.release();
                pass(context, result);
              });
    }
  }

  private static void pass(RoutingContext context, AsyncResult<AuthResult> result) {
    if (context.response().closed() || context.response().ended()) {
      return;
    }
    if (result.failed()) {
      LOG.error("a request of kubectl flannel failed", result.cause());
      refuse(context, 500, "the operator failed to answer this: its log says why");
    } else if (result.result().equals(AuthResult.ALLOWED)) {
      context.next();
    } else {
      refuse(context, result.result().code(), result.result().message());
    }
  }

  private static void refuse(RoutingContext context, int status, String why) {
    if (!context.response().closed() && !context.response().ended()) {
      TextRoutes.error(context, status, why);
    }
  }
}
