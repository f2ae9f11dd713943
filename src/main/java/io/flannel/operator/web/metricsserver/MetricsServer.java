package io.flannel.operator.web.metricsserver;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/**
 * Serves {@code GET /metrics} over TLS to clients whose bearer token permits it, on the address in
 * {@code flannel.metrics.host}. If that is not set, there is no server. The certificate is read
 * from {@code flannel.metrics.tls-directory}, if that is set.
 */
@ApplicationScoped
class MetricsServer {
  static final String PATH = "/metrics";

  /** Longer than Prometheus waits between two scrapes. */
  private static final Duration IDLE = Duration.ofMinutes(2);

  private final Optional<TlsServer> server;

  @Inject
  @SuppressWarnings("deprecation") // Quarkus still provides this registry.
  MetricsServer(
      Vertx vertx,
      PrometheusMeterRegistry registry,
      KubernetesClient client,
      Clock clock,
      MetricsSettings settings) {
    this.server =
        settings
            .host()
            .map(
                address ->
                    new TlsServer(
                        vertx,
                        clock,
                        new TlsServer.Settings(
                            "metrics",
                            address,
                            settings.port(),
                            settings.tlsDirectory(),
                            IDLE,
                            Optional.empty()),
                        () ->
                            new ScrapeHandler(
                                vertx,
                                registry::scrape,
                                new CachingAuthorizer(
                                    new ReviewAuthorizer(
                                        client, "the metrics", new MetricsReview()),
                                    clock))));
  }

  void start(@Observes StartupEvent event) {
    server.ifPresent(TlsServer::start);
  }

  void stop(@Observes ShutdownEvent event) {
    server.ifPresent(TlsServer::stop);
  }
}
