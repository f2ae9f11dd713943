package io.flannel.operator.page;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The operator's endpoints for the page, with networks that a test makes up: the page's own files
 * with the same Content-Security-Policy, the list of networks, and their events and paths.
 */
final class FakeOperator implements AutoCloseable {
  /** The policy that the operator sends with the page. */
  static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "svg", "image/svg+xml");
  private static final String INSTANCE = "flannel-operator-abc";

  /** Ends a stream, which the browser takes for a lost connection. */
  private static final String BREAK = "";

  private final Map<String, FakeNetwork> networks = new ConcurrentHashMap<>();
  private final List<Stream> streams = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpServer server;
  private volatile @Nullable String leader = INSTANCE;
  private volatile boolean deaf;

  private record Stream(String network, BlockingQueue<String> events) {}

  FakeOperator() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", this::answer);
    server.setExecutor(threads);
    server.start();
  }

  /** Returns the page's address. */
  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/";
  }

  /** Sets a network's state and sends it to its subscribers. */
  FakeOperator has(FakeNetwork network) {
    networks.put(network.name(), network);
    tell(network.name(), "network", network.withoutMesh());
    tell(network.name(), "mesh", network.mesh());
    return this;
  }

  /** Deletes the network. */
  void loses(String name) {
    networks.remove(name);
    tell(name, "gone", JSON.createObjectNode());
  }

  /** Sets which replica leads: another one, this one or none. */
  void isLedBy(@Nullable String instance) {
    leader = instance;
  }

  static String instance() {
    return INSTANCE;
  }

  /** Ends every stream and answers everything with 503 from now on. */
  void goesAway() {
    deaf = true;
    streams.forEach(stream -> stream.events().add(BREAK));
  }

  void comesBack() {
    deaf = false;
  }

  @Override
  public void close() {
    goesAway();
    server.stop(0);
    threads.close();
  }

  private void tell(String network, String event, JsonNode data) {
    streams.stream()
        .filter(stream -> stream.network().equals(network))
        .forEach(stream -> stream.events().add(event(event, data)));
  }

  private static String event(String name, JsonNode data) {
    return "event: %s\ndata: %s\n\n".formatted(name, data);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String[] parts = path.split("/");
      if (deaf) {
        error(exchange, 503, "away");
      } else if (path.equals("/") || path.startsWith("/page/")) {
        file(exchange, path.equals("/") ? "index.html" : path.substring("/page/".length()));
      } else if (path.equals("/api/networks")) {
        json(exchange, 200, list());
      } else if (parts.length == 5 && networks.containsKey(parts[3])) {
        FakeNetwork network = networks.get(parts[3]);
        if (parts[4].equals("events")) {
          stream(exchange, network);
        } else {
          path(exchange, network);
        }
      } else {
        error(exchange, 404, path + " is not there");
      }
    }
  }

  private ObjectNode list() {
    ObjectNode answer = JSON.createObjectNode();
    answer
        .putObject("operator")
        .put("version", "0.1.0")
        .put("instance", INSTANCE)
        .put("leader", leader);
    var names = answer.putArray("networks");
    if (INSTANCE.equals(leader)) {
      networks.keySet().stream().sorted().forEach(names::add);
    }
    return answer;
  }

  private void stream(HttpExchange exchange, FakeNetwork network) throws IOException {
    var stream = new Stream(network.name(), new LinkedBlockingQueue<>());
    stream.events().add(event("network", network.withoutMesh()));
    stream.events().add(event("mesh", network.mesh()));
    streams.add(stream);
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    try (var body = exchange.getResponseBody()) {
      for (String event = stream.events().take();
          !event.equals(BREAK);
          event = stream.events().take()) {
        body.write(event.getBytes(UTF_8));
        body.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      streams.remove(stream);
    }
  }

  private static void path(HttpExchange exchange, FakeNetwork network) throws IOException {
    Map<String, String> query = new TreeMap<>();
    for (String pair : exchange.getRequestURI().getQuery().split("&")) {
      String[] both = pair.split("=", 2);
      query.put(both[0], both[1]);
    }
    JsonNode found = network.path(query.get("from"), query.get("to"));
    if (found == null) {
      error(exchange, 404, "network %s has no node %s".formatted(network.name(), query.get("to")));
    } else {
      json(exchange, 200, found);
    }
  }

  private static void file(HttpExchange exchange, String name) throws IOException {
    try (var stream = FakeOperator.class.getResourceAsStream("/page/" + name)) {
      @Nullable String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
      if (stream == null || type == null) {
        error(exchange, 404, name + " is not there");
        return;
      }
      exchange.getResponseHeaders().set("Content-Security-Policy", POLICY);
      exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
      send(exchange, 200, type, stream.readAllBytes());
    }
  }

  private static void error(HttpExchange exchange, int code, String words) throws IOException {
    json(exchange, code, JSON.createObjectNode().put("error", words));
  }

  private static void json(HttpExchange exchange, int code, JsonNode body) throws IOException {
    send(exchange, code, "application/json", body.toString().getBytes(UTF_8));
  }

  private static void send(HttpExchange exchange, int code, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(code, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }
}
