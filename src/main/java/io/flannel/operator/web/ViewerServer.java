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
 * Serves {@link TextRoutes}, and nothing else, to clients of the API server's Service proxy: over
 * TLS, on the address in {@code flannel.viewer.host}. If that is not set, there is no server.
 * {@link ViewerGate} decides who is admitted.
 *
 * <p>The API server verifies neither name nor issuer when it proxies, so a self-signed certificate
 * is enough.
 */
@ApplicationScoped
class ViewerServer {
  /** The audience that tokens must have: no API server accepts such a token for itself. */
  static final String AUDIENCE = "flannel-operator-viewer";

  private static final Duration IDLE = Duration.ofSeconds(30);

  /** How long a token may take to arrive. */
  private static final Duration BODY = Duration.ofSeconds(10);

  /**
   * Maximum lifetime of a connection. A request takes seconds at most, and a client that sends a
   * byte now and then must not block a connection for ever.
   */
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
