package io.flannel.operator.web.metrics;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.prometheus.PrometheusMeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.KeyCertOptions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves {@code GET /metrics} over TLS 1.2 and 1.3 to those whose bearer token may get it, on the
 * one address of {@code flannel.metrics.host}; while that is not set, there is no server.
 *
 * <p>The certificate is that of {@code flannel.metrics.tls-directory}, a mounted Secret, looked at
 * every 10 s; without one, a {@link SelfSigned}. What is wrong with port or certificate is logged
 * and tried again as often: the network's operation does not depend on it.
 */
@ApplicationScoped
class MetricsServer {
  static final String PATH = "/metrics";

  private static final Logger LOG = LoggerFactory.getLogger(MetricsServer.class);
  private static final long LOOK_MILLIS = 10_000;
  private static final int PATIENCE_SECONDS = 10;
  private static final int IDLE_SECONDS = 120;
  private static final int CONNECTIONS = 64;

  private final Vertx vertx;
  private final Supplier<String> metrics;
  private final KubernetesClient client;
  private final Clock clock;
  private final Optional<String> host;
  private final int port;
  private final Optional<Path> directory;
  private final AtomicInteger connections = new AtomicInteger();

  private @Nullable HttpServer server;
  private @Nullable PemCertificate shown;
  private @Nullable RenewableKey key;
  private String trouble = "";

  @Inject
  @SuppressWarnings("deprecation") // The registry that Quarkus has; it will have the newer one.
  MetricsServer(
      Vertx vertx,
      PrometheusMeterRegistry registry,
      KubernetesClient client,
      Clock clock,
      @ConfigProperty(name = "flannel.metrics.host") Optional<String> host,
      @ConfigProperty(name = "flannel.metrics.port") int port,
      @ConfigProperty(name = "flannel.metrics.tls-directory") Optional<Path> directory) {
    this.vertx = vertx;
    this.metrics = registry::scrape;
    this.client = client;
    this.clock = clock;
    this.host = host;
    this.port = port;
    this.directory = directory;
  }

  void start(@Observes StartupEvent event) {
    host.ifPresent(
        address ->
            vertx.setPeriodic(
                1,
                LOOK_MILLIS,
                timer ->
                    vertx.executeBlocking(
                        () -> {
                          look(address);
                          return address;
                        })));
  }

  synchronized void stop(@Observes ShutdownEvent event) {
    if (server != null) {
      server.close();
    }
  }

  private synchronized void look(String address) {
    try {
      PemCertificate certificate = certificate(address);
      if (key == null) {
        key = new RenewableKey(certificate.keyManager(vertx));
        shown = certificate;
      } else if (!certificate.equals(shown)) {
        key.renew(certificate.keyManager(vertx));
        shown = certificate;
        LOG.info("the metrics' certificate was renewed");
      }
      if (server == null) {
        server = listening(address, key);
        LOG.info("metrics are served at https://{}:{}{}", address, port, PATH);
      }
      trouble = "";
    } catch (IOException | RuntimeException e) {
      tell(e);
    }
  }

  private PemCertificate certificate(String address) throws IOException {
    if (directory.isPresent()) {
      return PemCertificate.in(directory.get());
    }
    return shown != null ? shown : SelfSigned.certificate(address, clock.instant());
  }

  private HttpServer listening(String address, RenewableKey key) throws IOException {
    HttpServer made = vertx.createHttpServer(options(key).setHost(address).setPort(port));
    made.connectionHandler(
        connection -> {
          connection.closeHandler(closed -> connections.decrementAndGet());
          if (connections.incrementAndGet() > CONNECTIONS) {
            connection.close();
          }
        });
    made.requestHandler(
        new ScrapeHandler(vertx, metrics, new RememberingJudge(new ApiServerJudge(client), clock)));
    return await(made.listen());
  }

  private static HttpServerOptions options(RenewableKey key) {
    HttpServerOptions options =
        new HttpServerOptions()
            .setSsl(true)
            .setKeyCertOptions(KeyCertOptions.wrap(key))
            .setEnabledSecureTransportProtocols(Set.of("TLSv1.2", "TLSv1.3"))
            // HTTP/1.1 alone: one client that comes every few seconds needs no more.
            .setUseAlpn(false);
    options.setIdleTimeout(IDLE_SECONDS);
    return options;
  }

  /** Says what is wrong, once. */
  private void tell(Exception wrong) {
    Throwable root = wrong;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String what = root.getMessage() == null ? root.toString() : root.getMessage();
    if (!what.equals(trouble)) {
      LOG.error(
          "metrics at port {} with {}: {}. {}; this is tried again every {} s",
          port,
          directory.map(it -> "tls.crt and tls.key of " + it).orElse("a certificate made here"),
          what,
          server == null ? "Nothing is served" : "The certificate from before is shown",
          LOOK_MILLIS / 1000);
      trouble = what;
    }
  }

  private static <T> T await(Future<T> future) throws IOException {
    try {
      return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, SECONDS);
    } catch (ExecutionException e) {
      throw new IOException(e);
    } catch (TimeoutException e) {
      throw new IOException("no answer within " + PATIENCE_SECONDS + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
