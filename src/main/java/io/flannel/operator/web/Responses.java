package io.flannel.operator.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.report.view.NotWatchingException;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers in JSON, including errors, which say what is wrong, where, and what to do. No text in
 * them contains control characters, whoever wrote it.
 */
final class Responses {
  private static final Logger LOG = LoggerFactory.getLogger(Responses.class);
  private static final ObjectMapper JSON = new ObjectMapper().registerModule(new PrintableJson());

  private Responses() {}

  static void json(RoutingContext context, Object answer) {
    send(context, 200, answer);
  }

  /** Returns the JSON on one line. */
  static String json(Object answer) {
    try {
      return JSON.writeValueAsString(answer);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(answer.getClass() + " cannot be written as JSON", e);
    }
  }

  static void error(RoutingContext context, int status, String message) {
    send(context, status, Map.of("error", message));
  }

  static void noSuchPath(RoutingContext context) {
    error(
        context,
        404,
        "there is nothing at %s: the page is at /, and what it reads at /api/networks"
            .formatted(printable(context.normalizedPath())));
  }

  static void failed(RoutingContext context) {
    failed(context, Responses::error);
  }

  /** Sends an error. */
  interface ErrorAnswer {
    void send(RoutingContext context, int status, String message);
  }

  /** Answers a request that failed, and logs it if the operator is at fault. */
  static void failed(RoutingContext context, ErrorAnswer answer) {
    if (context.response().headWritten()) {
      context.request().connection().close();
      return;
    }
    if (context.failure() instanceof NotWatchingException e) {
      answer.send(context, 503, e.getMessage() + ": ask again in some seconds");
      return;
    }
    int status = context.statusCode() >= 400 ? context.statusCode() : 500;
    if (status >= 500) {
      LOG.error(
          "{} {} failed",
          context.request().method(),
          printable(context.normalizedPath()),
          context.failure());
    }
    answer.send(
        context,
        status,
        status >= 500
            ? "the operator failed to answer this: its log says why"
            : "the request can't be read: its path or its query is malformed");
  }

  /** Makes text from a request safe for logs and terminals. */
  static String printable(String text) {
    return PrintableText.shortened(text, 128);
  }

  private static void send(RoutingContext context, int status, Object answer) {
    context
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .end(Buffer.buffer(json(answer)));
  }
}
