package io.flannel.operator.web;

import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.report.text.BundleText;
import io.flannel.operator.report.text.NodeText;
import io.flannel.operator.report.text.PathText;
import io.flannel.operator.report.text.ProblemText;
import io.flannel.operator.report.text.StatusText;
import io.flannel.operator.report.text.TextOutput;
import io.flannel.operator.report.view.Networks;
import io.flannel.operator.report.view.ObservedNetwork;
import io.flannel.operator.report.view.Replica;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What {@code kubectl flannel} prints, as plain text in UTF-8:
 *
 * <ul>
 *   <li>{@code /text/status?network=NAME}, {@code /text/problems?network=NAME}
 *   <li>{@code /text/nodes?network=NAME}, with more columns for {@code output=wide}
 *   <li>{@code /text/path?network=NAME&from=NODE&to=NODE}
 *   <li>{@code /text/bundle}: all of this for all networks
 * </ul>
 *
 * <p>With {@code exitCode=true}, the first line is 0 if all is well, else 1. An error is a
 * Kubernetes {@code Status}, as the API server would send it: {@code kubectl get --raw} prints its
 * message, and would print no other body.
 */
@Singleton
class TextRoutes implements Routes {
  private static final Map<Integer, String> REASONS =
      Map.of(
          400,
          "BadRequest",
          401,
          "Unauthorized",
          404,
          "NotFound",
          405,
          "MethodNotAllowed",
          408,
          "Timeout",
          413,
          "RequestEntityTooLarge",
          503,
          "ServiceUnavailable");

  private final Networks networks;
  private final Clock clock;
  private final PathRequest path =
      new PathRequest(
          this::find, (context, path) -> say(context, PathText.of(path)), TextRoutes::error);

  @Inject
  TextRoutes(Networks networks, Clock clock) {
    this.networks = networks;
    this.clock = clock;
  }

  @Override
  public void addTo(Router router) {
    addTo(router, HttpMethod.GET);
  }

  /** Adds the routes for requests with this method. */
  void addTo(Router router, HttpMethod method) {
    add(router, method, "status", network -> StatusText.of(network.view(), clock.instant()));
    add(router, method, "problems", network -> ProblemText.of(network.view(), clock.instant()));
    router
        .route(method, "/text/nodes")
        .blockingHandler(
            context -> {
              boolean wide = "wide".equals(context.request().getParam("output"));
              find(context)
                  .map(network -> NodeText.of(network.view(), wide, clock.instant()))
                  .ifPresent(words -> say(context, words));
            },
            false);
    router.route(method, "/text/path").blockingHandler(path::answer, false);
    router.route(method, "/text/bundle").blockingHandler(this::bundle, false);
  }

  private void add(
      Router router, HttpMethod method, String what, Function<ObservedNetwork, TextOutput> words) {
    router
        .route(method, "/text/" + what)
        .blockingHandler(
            context -> find(context).map(words).ifPresent(it -> say(context, it)), false);
  }

  private void bundle(RoutingContext context) {
    Replica replica = networks.replica();
    if (!leads(context, replica)) {
      return;
    }
    say(
        context,
        BundleText.of(
            replica,
            networks.names().stream()
                .flatMap(name -> networks.find(name).stream())
                .map(ObservedNetwork::view)
                .toList(),
            Runtime.version().toString(),
            clock.instant()));
  }

  /**
   * Finds the network. If it is empty, the request has been answered: there is no such network, or
   * this replica does not know.
   */
  private Optional<ObservedNetwork> find(RoutingContext context) {
    if (!leads(context, networks.replica())) {
      return Optional.empty();
    }
    String name = context.request().getParam("network", "");
    Optional<ObservedNetwork> found = networks.find(name);
    if (found.isEmpty()) {
      error(
          context,
          404,
          "there is no FlannelNetwork '%s': kubectl get flannelnetworks shows them"
              .formatted(Responses.printable(name)));
    }
    return found;
  }

  private static boolean leads(RoutingContext context, Replica replica) {
    if (!replica.leads()) {
      error(
          context,
          503,
          "%s stands by; the leader is %s"
              .formatted(replica.instance(), replica.leader().orElse("not chosen yet")));
    }
    return replica.leads();
  }

  private static void say(RoutingContext context, TextOutput words) {
    boolean coded = "true".equals(context.request().getParam("exitCode"));
    say(context, (coded ? words.well() ? "0\n" : "1\n" : "") + words.text());
  }

  private static void say(RoutingContext context, String text) {
    context
        .response()
        .putHeader("Content-Type", "text/plain; charset=utf-8")
        .end(PrintableText.lines(text));
  }

  /** Answers that there is nothing at the request's path. */
  static void noSuchPath(RoutingContext context) {
    error(
        context,
        404,
        "nothing is told at %s; where kubectl flannel asks for it, it is newer than this operator"
            .formatted(Responses.printable(context.normalizedPath())));
  }

  /** Answers a request that could not be read, or that failed. */
  static void failed(RoutingContext context) {
    Responses.failed(context, TextRoutes::error);
  }

  /** Answers with an error. */
  static void error(RoutingContext context, int status, String message) {
    context
        .response()
        .setStatusCode(status)
        .putHeader("Content-Type", "application/json")
        .end(
            Responses.json(
                Map.of(
                    "kind",
                    "Status",
                    "apiVersion",
                    "v1",
                    "metadata",
                    Map.of(),
                    "status",
                    "Failure",
                    "message",
                    message,
                    "reason",
                    REASONS.getOrDefault(status, "InternalError"),
                    "code",
                    status)));
  }
}
