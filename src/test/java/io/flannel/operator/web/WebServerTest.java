package io.flannel.operator.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.report.view.ObservedNetwork;
import io.flannel.operator.report.view.Replica;
import io.flannel.operator.testing.HostileText;
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
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The routes on a Vert.x server of their own, over real sockets, with networks made up. */
class WebServerTest {
  private final MadeUp networks = new MadeUp();
  private final Vertx vertx = Vertx.vertx();
  private final EventStreams events = new EventStreams(networks, vertx);
  private final List<Socket> sockets = new ArrayList<>();
  private HttpServer server;

  @BeforeEach
  void listen() {
    Router router = Router.router(vertx);
    // As Quarkus', which are there before ours.
    router.route("/q/metrics").handler(context -> context.response().end("figures"));
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

  @AfterEach
  void close() throws IOException {
    for (Socket socket : sockets) {
      socket.close();
    }
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void filesAreServedWithTheirTypeAndATag() throws IOException {
    String page = get("/page/served.html");
    assertThat(page)
        .startsWith("HTTP/1.1 200")
        .contains("Content-Type: text/html; charset=utf-8", "<title>served</title>");
    String tag = page.lines().filter(line -> line.startsWith("ETag: ")).findFirst().orElseThrow();
    assertThat(request("GET", "/page/served.html", "localhost", "If-None-Match" + tag.substring(4)))
        .startsWith("HTTP/1.1 304")
        .doesNotContain("<title>");
    assertThat(get("/page/inner/served.js")).contains("Content-Type: text/javascript");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/page/none.html",
        "/page/..%2fapplication.properties",
        "/page/%2e%2e%2fapplication.properties",
        "/page//served.html/",
        "/page/.hidden.txt",
        "/page/inner",
        "/page/",
        "/api/none",
        "/text/none"
      })
  void nothingElseIs(String path) throws IOException {
    assertThat(get(path))
        .startsWith("HTTP/1.1 404")
        .contains("Content-Type: application/json", "{\"error\":\"there is nothing at ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/page/../application.properties", "/page/%2e%2e/application.properties"})
  void whatLeadsOutOfThePageLeadsNowhere(String path) throws IOException {
    assertThat(get(path)).startsWith("HTTP/1.1 404").doesNotContain("quarkus");
  }

  @Test
  void everyAnswerForbidsWhatThePageDoesNotNeed() throws IOException {
    for (String path : List.of("/page/served.html", "/api/networks", "/api/none")) {
      assertThat(get(path))
          .as(path)
          .contains(
              "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self';"
                  + " img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
                  + " frame-ancestors 'none'",
              "X-Content-Type-Options: nosniff",
              "Referrer-Policy: no-referrer",
              "Cross-Origin-Opener-Policy: same-origin",
              "Cross-Origin-Resource-Policy: same-origin",
              "Cache-Control: no-cache");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:18080",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8080",
        "192.168.0.81:18080",
        ""
      })
  void aRequestForAnotherHostIsRefused(String host) throws IOException {
    for (String path :
        List.of("/", "/page/served.html", "/api/networks", "/text/status", "/q/metrics", "/none")) {
      assertThat(request("GET", path, host))
          .as(path)
          .startsWith("HTTP/1.1 403")
          .doesNotContain("served</title>", "networks", "figures");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "LOCALHOST:1", "127.0.0.1:18080", "[::1]:8080", "[::1]"})
  void thisMachinesNamesAreNot(String host) throws IOException {
    assertThat(request("GET", "/api/networks", host)).startsWith("HTTP/1.1 200");
    assertThat(request("GET", "/q/metrics", host)).startsWith("HTTP/1.1 200").endsWith("figures");
  }

  /** Its address alone is asked for; what is asked of others' pages is not. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "sec-fetch-site: cross-site",
        "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: something-new",
        "Origin: https://evil.example",
        "Origin: http://localhost:3000",
        "Origin: null"
      })
  void anotherSitesRequestIsRefused(String header) throws IOException {
    for (String path :
        List.of("/", "/page/served.html", "/api/networks/default/events", "/q/metrics")) {
      assertThat(request("GET", path, "localhost:18080", header))
          .as(path)
          .startsWith("HTTP/1.1 403")
          .contains("another site asks for this")
          .doesNotContain("served</title>", "figures");
    }
    assertThat(events.idle()).isTrue();
  }

  @Test
  void aLinkLeadsToThePageAndNoFurther() throws IOException {
    String[] clicked = {
      "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"
    };
    assertThat(request("GET", "/", "localhost:18080", clicked)).startsWith("HTTP/1.1 200");
    assertThat(request("GET", "/", "evil.example", clicked)).startsWith("HTTP/1.1 403");
    for (String path : List.of("/api/networks", "/page/served.html", "/q/metrics")) {
      assertThat(request("GET", path, "localhost:18080", clicked))
          .as(path)
          .startsWith("HTTP/1.1 403");
    }
    String[] framed = {
      "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"
    };
    assertThat(request("GET", "/", "localhost:18080", framed)).startsWith("HTTP/1.1 403");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: none",
        "Origin: http://localhost:18080",
        "User-Agent: kube-probe/1.35"
      })
  void theOwnPagesAndTheUsersAreNot(String header) throws IOException {
    for (String path : List.of("/page/served.html", "/api/networks", "/q/metrics")) {
      assertThat(request("GET", path, "localhost:18080", header))
          .as(path)
          .startsWith("HTTP/1.1 200");
    }
  }

  /** JSON's escapes are undone by who reads it; so what they stand for must not be there. */
  @Test
  void whatARequestSaidIsRepeatedPrintably() throws IOException {
    String forged = "%1b%5b31m%0d%0aforged%c2%9b%e2%80%ae%e2%80%a8x";
    for (String path :
        List.of(
            "/api/" + forged,
            "/api/networks/" + forged,
            "/api/networks/default/path?to=n1&from=" + forged)) {
      String body = get(path).replaceFirst("(?s).*\r\n\r\n", "");
      assertThat(body).contains("forged").doesNotContain("\\u00", "\\r", "\\n");
      assertThat(HostileText.isIn(body)).as(body).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS"})
  void nothingCanBeChanged(String method) throws IOException {
    assertThat(request(method, "/api/networks", "localhost"))
        .startsWith("HTTP/1.1 405")
        .contains("Allow: GET");
  }

  @Test
  void whoActsListsTheNetworks() throws IOException {
    assertThat(get("/api/networks"))
        .endsWith(
            "{\"operator\":{\"version\":\"1\",\"instance\":\"a\",\"leader\":\"a\"},"
                + "\"networks\":[\"default\"]}");
  }

  @Test
  void whoStandsByListsNoneAndSaysWhoActs() throws IOException {
    networks.leader = "b";
    assertThat(get("/api/networks")).contains("\"leader\":\"b\"").endsWith("\"networks\":[]}");
    for (String path : List.of("", "/events", "/path?from=n1&to=n2")) {
      assertThat(get("/api/networks/default" + path))
          .startsWith("HTTP/1.1 503")
          .contains("a stands by: forward the port to the pod b, which acts");
    }
    networks.leader = null;
    assertThat(get("/api/networks")).contains("\"leader\":null");
    assertThat(get("/api/networks/default")).contains("no replica acts at present");
  }

  @ParameterizedTest
  @CsvSource({
    "/api/networks/none, 404, there is no FlannelNetwork none",
    "/api/networks/none/events, 404, there is no FlannelNetwork none",
    "/api/networks/default/path, 400, from one node to another",
    "/api/networks/default/path?from=n1&to=n1, 400, from one node to another",
    "/api/networks/default/path?from=n1&to=n9, 404, n1 is no node of the network default"
  })
  void whatIsAskedWrongIsAnsweredWithWhatToDo(String path, int status, String words)
      throws IOException {
    assertThat(get(path))
        .startsWith("HTTP/1.1 " + status)
        .contains("{\"error\":\"")
        .contains(words);
  }

  @Test
  void changesAreSentAndNothingIsReadWhileThereAreNone() throws IOException {
    BufferedReader events = events();
    assertThat(event(events)).startsWith("event: network").contains("\"generation\":1");
    assertThat(event(events)).isEqualTo("event: mesh|data: {\"nodes\":[],\"probes\":[]}|");
    networks.generation = 2;
    assertThat(event(events)).startsWith("event: network").contains("\"generation\":2");
    int read = networks.read;
    int asked = networks.asked;
    await().until(() -> networks.asked > asked + 1);
    assertThat(networks.read).isEqualTo(read);
    networks.gone = true;
    assertThat(event(events)).isEqualTo("event: gone|data: {}|");
    assertThat(events.lines()).contains("0"); // the last chunk
  }

  @Test
  void oneReadingServesAllWhoListen() throws IOException {
    List<BufferedReader> all = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      BufferedReader events = events();
      assertThat(event(events)).contains("\"generation\":1");
      assertThat(event(events)).contains("event: mesh");
      all.add(events);
    }
    int read = networks.read;
    networks.generation = 2;
    for (BufferedReader events : all) {
      assertThat(event(events)).contains("\"generation\":2");
    }
    // Each request finds the network once, and then it is read once for everybody.
    assertThat(networks.read).isEqualTo(read + 1);
  }

  @Test
  void soManyListenersAndNoMoreUntilOneLeaves() throws IOException {
    for (int i = 0; i < EventStreams.MOST_LISTENERS; i++) {
      event(events());
    }
    assertThat(get("/api/networks/default/events"))
        .startsWith("HTTP/1.1 503")
        .contains("32 pages listen already");
    sockets.getFirst().close();
    await().until(() -> firstLine("/api/networks/default/events").startsWith("HTTP/1.1 200"));
  }

  /** As a browser does whose page is loaded again while the operator is slow. */
  @Test
  void whoLeavesBeforeTheNetworkIsFoundHoldsNoPlace() throws IOException {
    for (int round = 1; round <= 3; round++) {
      networks.finding = new CountDownLatch(1);
      int all = round * 15; // Fewer than there are workers.
      List<Socket> leaving = new ArrayList<>();
      while (leaving.size() < 15) {
        leaving.add(send("GET", "/api/networks/default/events", "localhost"));
      }
      await().until(() -> networks.waiting.get() == all);
      for (Socket socket : leaving) {
        socket.close();
      }
      assertThat(get("/page/served.html")).as("the closing is noticed").startsWith("HTTP/1.1 200");
      networks.finding.countDown();
    }
    await().until(events::idle);
    assertThat(firstLine("/api/networks/default/events")).startsWith("HTTP/1.1 200");
  }

  @Test
  void whileNobodyListensNothingIsLookedAt() throws IOException {
    assertThat(events.idle()).isTrue();
    event(events());
    assertThat(events.idle()).isFalse();
    for (Socket socket : sockets) {
      socket.close();
    }
    await().until(events::idle);
  }

  private String get(String path) throws IOException {
    return request("GET", path, "localhost");
  }

  private String request(String method, String path, String host, String... headers)
      throws IOException {
    try (Socket socket = send(method, path, host, headers)) {
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }

  private Socket send(String method, String path, String host, String... headers)
      throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.actualPort());
    String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
    String request =
        "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n"
            .formatted(method, path, host, more);
    socket.getOutputStream().write(request.getBytes(UTF_8));
    return socket;
  }

  private String firstLine(String path) throws IOException {
    try (Socket socket = send("GET", path, "localhost")) {
      return new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8)).readLine();
    }
  }

  /** What follows the head of the answer: chunks, each of whose sizes is a line of its own. */
  private BufferedReader events() throws IOException {
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

  /** The next event; lines end with {@code |}. */
  private static String event(BufferedReader events) throws IOException {
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

  /** One network, without nodes. */
  private static final class MadeUp implements io.flannel.operator.report.view.Networks {
    private final FlannelNetworkSpec spec =
        Networks.spec("{cidr: 10.244.0.0/16, backend: {type: ipip}}");
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile CountDownLatch finding = new CountDownLatch(0);
    private volatile String leader = "a";
    private volatile long generation = 1;
    private volatile boolean gone;
    private volatile int read;
    private volatile int asked;

    @Override
    public Replica replica() {
      return new Replica("1", "a", Optional.ofNullable(leader));
    }

    @Override
    public List<String> names() {
      return List.of("default");
    }

    @Override
    public Optional<ObservedNetwork> find(String name) {
      waiting.incrementAndGet();
      try {
        finding.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return found(name);
    }

    private synchronized Optional<ObservedNetwork> found(String name) {
      read++;
      return gone || !name.equals("default")
          ? Optional.empty()
          : Optional.of(
              new ObservedNetwork(
                  name, generation, false, spec, Optional.empty(), Optional.empty()));
    }

    @Override
    public synchronized Optional<String> revision(String name) {
      asked++;
      return gone ? Optional.empty() : Optional.of(Long.toString(generation));
    }
  }
}
