package io.flannel.operator.testing.apiserver;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A proxy to an API server that forwards everything, watches included, until the n-th write after
 * {@link #arm}. There it calls back, so that a test can kill the operator during the write.
 *
 * <pre>{@code
 * try (var breaker = WriteBreaker.to(api);
 *     var operator = OperatorProcess.with(api.kubeconfig(breaker)).start().awaitReady()) {
 *   breaker.arm(3, WriteBreaker.When.AFTER, operator::kill);
 *   … // apply something, wait for breaker.fired()
 *   operator.start().awaitReady();
 * }
 * }</pre>
 *
 * <p>It speaks plain HTTP with its clients and forwards their token. It declines WebSockets, so
 * that Kubernetes clients watch over HTTP.
 */
public final class WriteBreaker implements AutoCloseable {
  private static final Set<String> WRITES = Set.of("POST", "PUT", "PATCH", "DELETE");

  /** Headers that belong to one connection, or that the HTTP client sets itself. */
  private static final Set<String> NOT_PASSED_ON =
      Set.of(
          "connection",
          "content-length",
          "expect",
          "host",
          "http2-settings",
          "keep-alive",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /** When the n-th write breaks off. */
  public enum When {
    /** Before the API server sees it. */
    BEFORE,
    /** Not at all: the write waits for the callback and is then forwarded. */
    LATER,
    /** After the API server has carried it out, but before the operator gets the answer. */
    AFTER
  }

  /**
   * A request that may change an object.
   *
   * @param method POST, PUT, PATCH or DELETE
   * @param path with its query
   */
  public record Write(String method, String path) {
    /** Whether it writes an object, not a Lease, an Event, a review or a dry run. */
    public boolean isObject() {
      return !path.contains("/leases")
          && !path.contains("/events")
          && !path.contains("reviews")
          && !path.contains("dryRun=");
    }

    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  private record Trap(Predicate<Write> which, int countdown, When when, Runnable callback) {
    Trap next() {
      return new Trap(which, countdown - 1, when, callback);
    }
  }

  private final String target;
  private final HttpClient client;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Object writing = new Object();
  private final List<Write> writes = new ArrayList<>();
  private volatile @Nullable String garbled;
  private final Map<InputStream, String> watches = new ConcurrentHashMap<>();
  private @Nullable Trap trap;
  private @Nullable Write broken;
  private int fired;

  private WriteBreaker(ApiServer api) {
    target = api.url();
    try {
      client = HttpClient.newBuilder().sslContext(trusting(api)).build();
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** Returns a proxy to this API server, not armed. */
  public static WriteBreaker to(ApiServer api) {
    return new WriteBreaker(api);
  }

  /** Returns the address for clients. */
  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Breaks off at the n-th write (from 1) of an object from now on. */
  public void arm(int n, When when, Runnable callback) {
    arm(Write::isObject, n, when, callback);
  }

  /**
   * Breaks off at the n-th matching write (from 1) from now on. No other write is forwarded while
   * the callback runs; those that arrive meanwhile, from a process that is then dead, are dropped.
   */
  public void arm(Predicate<Write> which, int n, When when, Runnable callback) {
    synchronized (writing) {
      broken = null;
      trap = new Trap(which, n, when, callback);
    }
  }

  /** Forwards everything again, whether it has broken off or not. */
  public void disarm() {
    synchronized (writing) {
      trap = null;
    }
  }

  /** Returns the write that broke off since {@link #arm}, or null if there was none. */
  public @Nullable Write fired() {
    synchronized (writing) {
      return broken;
    }
  }

  /** Returns every write that was forwarded, in order, including Leases and Events. */
  public List<Write> writes() {
    synchronized (writing) {
      return List.copyOf(writes);
    }
  }

  /**
   * Makes watches of this path, such as {@code /apis/apps/v1/daemonsets}, end with an unreadable
   * event whenever they start, and ends the running ones. Null stops this.
   */
  public void garbleWatchesOf(@Nullable String path) {
    garbled = path;
    watches.forEach(
        (body, watched) -> {
          if (watched.equals(path)) {
            close(body);
          }
        });
  }

  private static void close(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    client.shutdownNow();
    server.stop(0);
    threads.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (exchange.getRequestHeaders().containsKey("Sec-WebSocket-Key")) {
        exchange.sendResponseHeaders(200, -1);
      } else if (isGarbled(exchange.getRequestURI())) {
        garble(exchange);
      } else if (WRITES.contains(exchange.getRequestMethod())) {
        write(exchange);
      } else {
        HttpResponse<InputStream> response = forward(exchange);
        if (isWatch(exchange.getRequestURI())) {
          watches.put(response.body(), exchange.getRequestURI().getPath());
        }
        try {
          answer(exchange, response);
        } finally {
          watches.remove(response.body());
        }
      }
    }
  }

  private boolean isGarbled(URI request) {
    String path = garbled;
    return path != null && request.getPath().equals(path) && isWatch(request);
  }

  private static boolean isWatch(URI request) {
    return String.valueOf(request.getQuery()).contains("watch=true");
  }

  private static void garble(HttpExchange exchange) throws IOException {
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, 0);
    exchange
        .getResponseBody()
        .write("{\"type\":\"MODIFIED\",\"object\":[[\n".getBytes(StandardCharsets.UTF_8));
  }

  private void write(HttpExchange exchange) throws IOException {
    var write = new Write(exchange.getRequestMethod(), exchange.getRequestURI().toString());
    int firedBefore;
    synchronized (this) {
      firedBefore = fired;
    }
    HttpResponse<InputStream> response;
    synchronized (writing) {
      synchronized (this) {
        if (fired != firedBefore) {
          return;
        }
      }
      boolean breaks = breaksAt(write);
      Trap sprung = trap;
      if (breaks && sprung != null && sprung.when() == When.BEFORE) {
        breakOff(write, sprung);
        return;
      }
      if (breaks && sprung != null && sprung.when() == When.LATER) {
        sprung.callback().run();
        broken = write;
      }
      response = forward(exchange);
      writes.add(write);
      if (breaks && sprung != null && sprung.when() == When.AFTER) {
        response.body().close();
        breakOff(write, sprung);
        return;
      }
    }
    answer(exchange, response);
  }

  private boolean breaksAt(Write write) {
    if (trap == null || !trap.which().test(write)) {
      return false;
    }
    trap = trap.next();
    return trap.countdown() == 0;
  }

  private void breakOff(Write write, Trap sprung) {
    sprung.callback().run();
    trap = null;
    broken = write;
    synchronized (this) {
      fired++;
    }
  }

  private HttpResponse<InputStream> forward(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    var request =
        HttpRequest.newBuilder(URI.create(target + exchange.getRequestURI()))
            .method(
                exchange.getRequestMethod(),
                body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    exchange
        .getRequestHeaders()
        .forEach(
            (name, values) -> {
              if (!NOT_PASSED_ON.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
              }
            });
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private static void answer(HttpExchange exchange, HttpResponse<InputStream> response)
      throws IOException {
    try (InputStream body = response.body()) {
      response
          .headers()
          .map()
          .forEach(
              (name, values) -> {
                if (!name.startsWith(":")
                    && !NOT_PASSED_ON.contains(name.toLowerCase(Locale.ROOT))) {
                  exchange.getResponseHeaders().put(name, values);
                }
              });
      boolean empty = response.statusCode() == 204 || response.statusCode() == 304;
      exchange.sendResponseHeaders(response.statusCode(), empty ? -1 : 0);
      if (empty) {
        return;
      }
      var output = exchange.getResponseBody();
      output.flush(); // Answer a watch before it has events.
      byte[] buffer = new byte[16 * 1024];
      for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
        output.write(buffer, 0, n);
        output.flush();
      }
    }
  }

  private static SSLContext trusting(ApiServer api) throws IOException {
    try (var certificates = Files.newInputStream(api.certificate())) {
      var store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int n = 0;
      for (var certificate :
          CertificateFactory.getInstance("X.509").generateCertificates(certificates)) {
        store.setCertificateEntry("api-server-" + n++, certificate);
      }
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      var context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
