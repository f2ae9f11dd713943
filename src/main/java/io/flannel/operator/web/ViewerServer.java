package io.flannel.operator.web;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.web.metricsserver.CachingAuthorizer;
import io.flannel.operator.web.metricsserver.ReviewAuthorizer;
import io.flannel.operator.web.metricsserver.TlsServer;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/**
 * Serves what {@link TextRoutes} tells, and nothing else, to those who come by way of the API
 * server's Service proxy: over TLS, on the one address of {@code flannel.viewer.host}; while that
 * is not set, there is no server. Who is let in, and how it is asked, {@link ViewerGate} says.
 *
 * <p>The API server checks no name and no issuer of what it proxies to, so the certificate is one
 * made here.
 */
@ApplicationScoped
class ViewerServer {
  /** What tokens must be for: no API server takes such a one for itself. */
  static final String AUDIENCE = "flannel-operator-viewer";

  private static final Duration IDLE = Duration.ofSeconds(30);

  /** Within that a token must be there. */
  private static final Duration BODY = Duration.ofSeconds(10);

  /** One request takes seconds at most; whoever sends a byte now and then holds no place. */
  private static final Duration LONGEST = Duration.ofMinutes(1);

  private final Optional<TlsServer> server;

  @Inject
  ViewerServer(
      Vertx vertx,
      TextRoutes texts,
      KubernetesClient client,
      Clock clock,
      ViewerSettings settings) {
    this.server =
        settings
            .host()
            .map(
                address ->
                    new TlsServer(
                        vertx,
                        clock,
                        new TlsServer.Settings(
                            "answers to kubectl flannel",
                            address,
                            settings.port(),
                            Optional.empty(),
                            IDLE,
                            Optional.of(LONGEST)),
                        () -> {
                          ViewerReview review =
                              new ViewerReview(settings.namespace(), settings.serviceAccount());
                          return router(
                              vertx,
                              texts,
                              new ViewerGate(
                                  vertx,
                                  new CachingAuthorizer(
                                      new ReviewAuthorizer(client, "these answers", review), clock),
                                  review.howToGetOne(),
                                  BODY));
                        }));
  }

  static Router router(Vertx vertx, TextRoutes texts, ViewerGate gate) {
    Router router = Router.router(vertx);
    router.route().handler(gate);
    texts.addTo(router, HttpMethod.POST);
    router.route().handler(TextRoutes::noSuchPath);
    router.route().failureHandler(TextRoutes::failed);
    return router;
  }

  void start(@Observes StartupEvent event) {
    server.ifPresent(TlsServer::start);
  }

  void stop(@Observes ShutdownEvent event) {
    server.ifPresent(TlsServer::stop);
  }
}
