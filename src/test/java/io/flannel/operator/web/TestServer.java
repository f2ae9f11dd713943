package io.flannel.operator.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The routes on their own Vert.x server, over real sockets, with made-up networks. */
final class TestServer implements BeforeEachCallback, AfterEachCallback {
  final MadeUpNetworks networks = new MadeUpNetworks();
  private final Vertx vertx = Vertx.vertx();
  private final EventStreams events = new EventStreams(networks, vertx);
  private final List<Socket> sockets = new ArrayList<>();
  private HttpServer server;

  @Override
  public void beforeEach(ExtensionContext context) {
    Router router = Router.router(vertx);
    // Stands for Quarkus' routes, which are registered before ours.
    router.route("/q/metrics").handler(asked -> asked.response().end("figures"));
    new WebServer(List.of(new PageRoutes(), new NetworkRoutes(networks, events))).start(router);
    server =
        vertx
            .createHttpServer()
            .requestHandler(router)
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
  }

  @Override
  public void afterEach(ExtensionContext context) throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  /** Whether no one listens to events. */
  boolean idle() {
    return events.idle();
  }

  /** Returns the sockets of the listeners to events. */
  List<Socket> sockets() {
    return sockets;
  }

  String get(String path) throws IOException {
    return request("GET", path, "localhost");
  }

  String request(String method, String path, String host, String... headers) throws IOException {
    try (Socket socket = send(method, path, host, headers)) {
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }

  Socket send(String method, String path, String host, String... headers) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.actualPort());
    String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
    String request =
        "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n"
            .formatted(method, path, host, more);
    socket.getOutputStream().write(request.getBytes(UTF_8));
    return socket;
  }

  String firstLine(String path) throws IOException {
    try (Socket socket = send("GET", path, "localhost")) {
      return new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8)).readLine();
    }
  }

  /** Returns the body of an event stream, in chunks; each chunk's size is a line of its own. */
  BufferedReader events() throws IOException {
    Socket socket = send("GET", "/api/networks/default/events", "localhost");
    sockets.add(socket);
    var reader = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
    List<String> head = new ArrayList<>();
    for (String line = reader.readLine(); !line.isEmpty(); line = reader.readLine()) {
      head.add(line);
    }
    assertThat(head).contains("HTTP/1.1 200 OK", "Content-Type: text/event-stream");
    return reader;
  }

  /** Returns the next event, with {@code |} after each line. */
  static String event(BufferedReader events) throws IOException {
    String line = events.readLine();
    while (!line.startsWith("event:")) {
      line = events.readLine();
    }
    StringBuilder event = new StringBuilder();
    for (; !line.isEmpty(); line = events.readLine()) {
      event.append(line).append('|');
    }
    return event.toString();
  }
}
