package io.flannel.operator.testing;

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
 * A proxy to an API server that passes everything on, watches included, until the n-th write after
 * {@link #arm}: there it calls back, so that a test can kill the operator in the middle of it.
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
 * <p>It speaks plain HTTP with its clients and passes their token on. WebSockets are declined, on
 * which clients of Kubernetes watch by HTTP.
 */
public final class WriteBreaker implements AutoCloseable {
  private static final Set<String> WRITES = Set.of("POST", "PUT", "PATCH", "DELETE");

  /** Headers that belong to one connection, or that the HTTP client sets by itself. */
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

  /** On which side of the API server the n-th write breaks off. */
  public enum When {
    /** The API server never sees it. */
    BEFORE,
    /** Nothing breaks off: the write waits for what the callback does, and is then passed on. */
    LATER,
    /** The API server has carried it out, but the operator never hears of it. */
    AFTER
  }

  /**
   * A request that may change an object.
   *
   * @param method POST, PUT, PATCH or DELETE
   * @param path with its query
   */
  public record Write(String method, String path) {
    /** Whether an object is meant: no lease of leader election, no event, no review, no dry run. */
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

  /** A proxy to this API server, not armed. */
  public static WriteBreaker to(ApiServer api) {
    return new WriteBreaker(api);
  }

  /** Where clients reach it. */
  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Breaks off at the n-th write (from 1) of an object from now on. */
  public void arm(int n, When when, Runnable callback) {
    arm(Write::isObject, n, when, callback);
  }

  /**
   * Breaks off at the n-th write (from 1) of those asked for from now on. While the callback runs,
   * no other write passes; those that came meanwhile, from a process that is then dead, are
   * dropped.
   */
  public void arm(Predicate<Write> which, int n, When when, Runnable callback) {
    synchronized (writing) {
      broken = null;
      trap = new Trap(which, n, when, callback);
    }
  }

  /** Passes everything on again, whether it has broken off or not. */
  public void disarm() {
    synchronized (writing) {
      trap = null;
    }
  }

  /** The write that broke off since {@link #arm}, or null while there was none. */
  public @Nullable Write fired() {
    synchronized (writing) {
      return broken;
    }
  }

  /** Every write that was passed on, in order, leases and events included. */
  public List<Write> writes() {
    synchronized (writing) {
      return List.copyOf(writes);
    }
  }

  /**
   * From now on watches of this path, such as {@code /apis/apps/v1/daemonsets}, end with an event
   * that nobody can read, as often as they are begun, and those that run end; null: none does.
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
      output.flush(); // A watch is answered before there is anything to tell.
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
