package io.flannel.operator.web.metricsserver;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.KeyCertOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP/1.1 over TLS 1.2 and 1.3 on one address of the node, for few clients at a time.
 *
 * <p>The certificate is read from a directory, a mounted Secret, which is checked every 10 s;
 * without one, a {@link SelfSigned} is used. A fault of the port or the certificate is logged and
 * retried at the same interval: the network's operation does not depend on it.
 */
public final class TlsServer {
  private static final Logger LOG = LoggerFactory.getLogger(TlsServer.class);
  private static final long LOOK_MILLIS = 10_000;
  private static final int PATIENCE_SECONDS = 10;
  private static final int CONNECTIONS = 64;

  private final Vertx vertx;
  private final Clock clock;
  private final Settings settings;
  private final Supplier<Handler<HttpServerRequest>> handler;
  private final AtomicInteger connections = new AtomicInteger();

  private @Nullable HttpServer server;
  private @Nullable PemCertificate shown;
  private @Nullable RenewableKey key;
  private String trouble = "";

  /**
   * The server's settings.
   *
   * @param what what it serves, for the log, such as {@code metrics}
   * @param host the one IP address that it listens on
   * @param directory contains {@code tls.crt} and {@code tls.key}; empty to use a self-signed one
   * @param idle how long a connection may be idle before it is closed
   * @param longest maximum lifetime of a connection; empty if unlimited
   */
  public record Settings(
      String what,
      String host,
      int port,
      Optional<Path> directory,
      Duration idle,
      Optional<Duration> longest) {}

  /**
   * Creates a server that does not listen yet.
   *
   * @param handler called once, when the server starts to listen
   */
  public TlsServer(
      Vertx vertx, Clock clock, Settings settings, Supplier<Handler<HttpServerRequest>> handler) {
    this.vertx = vertx;
    this.clock = clock;
    this.settings = settings;
    this.handler = handler;
  }

  /** Starts listening, with retries if that fails; returns at once. */
  public void start() {
    vertx.setPeriodic(
        1,
        LOOK_MILLIS,
        timer ->
            vertx.executeBlocking(
                () -> {
                  look();
                  return settings;
                }));
  }

  public synchronized void stop() {
    if (server != null) {
      server.close();
    }
  }

  private synchronized void look() {
    try {
      PemCertificate certificate = certificate();
      if (key == null) {
        key = new RenewableKey(certificate.keyManager(vertx));
        shown = certificate;
      } else if (!certificate.equals(shown)) {
        key.renew(certificate.keyManager(vertx));
        shown = certificate;
        LOG.info("the certificate of port {} was renewed", settings.port());
      }
      if (server == null) {
        server = listening(key);
        LOG.info(
            "{} are served at https://{}:{}", settings.what(), settings.host(), settings.port());
      }
      trouble = "";
    } catch (IOException | RuntimeException e) {
      tell(e);
    }
  }

  private PemCertificate certificate() throws IOException {
    if (settings.directory().isPresent()) {
      return PemCertificate.in(settings.directory().get());
    }
    return shown != null ? shown : SelfSigned.certificate(settings.host(), clock.instant());
  }

  private HttpServer listening(RenewableKey key) throws IOException {
    HttpServer made =
        vertx.createHttpServer(options(key).setHost(settings.host()).setPort(settings.port()));
    made.connectionHandler(this::admit);
    made.requestHandler(handler.get());
    return await(made.listen());
  }

  private void admit(HttpConnection connection) {
    if (connections.incrementAndGet() > CONNECTIONS) {
      connection.closeHandler(closed -> connections.decrementAndGet());
      connection.close();
      return;
    }
    Optional<Long> end =
        settings
            .longest()
            .map(longest -> vertx.setTimer(longest.toMillis(), timer -> connection.close()));
    connection.closeHandler(
        closed -> {
          connections.decrementAndGet();
          end.ifPresent(vertx::cancelTimer);
        });
  }

  private HttpServerOptions options(RenewableKey key) {
    HttpServerOptions options =
        new HttpServerOptions()
            .setSsl(true)
            .setKeyCertOptions(KeyCertOptions.wrap(key))
            .setEnabledSecureTransportProtocols(Set.of("TLSv1.2", "TLSv1.3"))
            // HTTP/1.1 only: one client every few seconds needs no more.
            .setUseAlpn(false);
    options.setIdleTimeout((int) settings.idle().toSeconds());
    return options;
  }

  /** Logs a fault once. */
  private void tell(Exception wrong) {
    Throwable root = wrong;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String what = root.getMessage() == null ? root.toString() : root.getMessage();
    if (!what.equals(trouble)) {
      LOG.error(
          "{} at port {} with {}: {}. {}; this is tried again every {} s",
          settings.what(),
          settings.port(),
          settings
              .directory()
              .map(it -> "tls.crt and tls.key of " + it)
              .orElse("a certificate made here"),
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
