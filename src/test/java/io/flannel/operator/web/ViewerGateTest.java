package io.flannel.operator.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.report.view.ObservedNetwork;
import io.flannel.operator.report.view.Replica;
import io.flannel.operator.web.metricsserver.AuthResult;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets kubectl flannel's answers, over real sockets, with a made-up judge. */
class ViewerGateTest {
  private static final String STATUS = "/text/status?network=default&exitCode=true";

  private final Vertx vertx = Vertx.vertx();
  private final List<String> judged = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new ArrayList<>();
  private volatile UnaryOperator<String> leader = instance -> instance;
  private volatile CountDownLatch answering = new CountDownLatch(0);
  private HttpServer server;

  @BeforeEach
  void listen() {
    ViewerGate gate = new ViewerGate(vertx, this::judge, "COMMAND", Duration.ofSeconds(1));
    server =
        vertx
            .createHttpServer()
            .requestHandler(
                ViewerServer.router(vertx, new TextRoutes(new MadeUp(), Clock.systemUTC()), gate))
            .listen(0, "127.0.0.1")
            .toCompletionStage()
            .toCompletableFuture()
            .join();
  }

  @AfterEach
  void close() throws IOException {
    answering.countDown();
    for (Socket socket : sockets) {
      socket.close();
    }
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  @Test
  void goodTokenGetsTheStatusAndTheConnectionIsClosed() throws IOException {
    // The server closes the connection by itself: the request does not ask for it.
    String told = post(STATUS, "good\n");
    assertThat(told)
        .startsWith("HTTP/1.1 200")
        .contains("Content-Type: text/plain", "X-Content-Type-Options: nosniff")
        .contains("\r\n\r\n1\nNetwork  default\n");
    assertThat(judged).containsExactly("good");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/text",
        "/text/",
        "/text/none",
        "/q/health/live",
        "/q/metrics",
        "/metrics",
        "/page/index.html",
        "/api/networks",
        "/text/../api/networks",
        "/text/%2e%2e/api/networks"
      })
  void thereIsNothingElse(String path) throws IOException {
    assertThat(post(path, "good"))
        .startsWith("HTTP/1.1 404")
        .contains("\"kind\":\"Status\"", "nothing is told at ")
        .doesNotContain("networks\":");
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"})
  void byNoOtherVerb(String verb) throws IOException {
    assertThat(send(verb, STATUS, "good")).startsWith("HTTP/1.1 405").contains("Allow: POST");
    assertThat(judged).isEmpty();
  }

  @Test
  void requestWithoutATokenIsToldHowToGetOne() throws IOException {
    assertThat(post(STATUS, ""))
        .startsWith("HTTP/1.1 401")
        .contains("\"reason\":\"Unauthorized\"", "made by: COMMAND");
    assertThat(post(STATUS, " \n ")).startsWith("HTTP/1.1 401");
    assertThat(judged).isEmpty();
  }

  @Test
  void aTokenInTheHeadIsNone() throws IOException {
    assertThat(exchange("POST " + STATUS + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good"))
        .startsWith("HTTP/1.1 401");
    assertThat(judged).isEmpty();
  }

  @Test
  void aTokenThatIsNotAllowedOpensNothing() throws IOException {
    assertThat(post(STATUS, "bad"))
        .startsWith("HTTP/1.1 401")
        .contains("not this one")
        .doesNotContain("Network ");
  }

  @Test
  void aJudgeThatFailsLetsNobodyIn() throws IOException {
    assertThat(post(STATUS, "broken"))
        .startsWith("HTTP/1.1 500")
        .contains("its log says why")
        .doesNotContain("Network ", "judge is");
  }

  @Test
  void aBodyThatIsTooLongIsNotReadToItsEnd() throws IOException {
    assertThat(post(STATUS, "x".repeat(ViewerGate.LONGEST_BODY + 1))).startsWith("HTTP/1.1 413");
    // The same in chunks, without an end.
    Socket socket = open();
    write(socket, "POST " + STATUS + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    write(socket, "1000\r\n" + "x".repeat(0x1000) + "\r\n");
    write(socket, "1001\r\n" + "x".repeat(0x1001) + "\r\n");
    assertThat(answer(socket)).startsWith("HTTP/1.1 413");
    assertThat(judged).isEmpty();
    assertThat(post(STATUS, "x".repeat(ViewerGate.LONGEST_BODY))).startsWith("HTTP/1.1 401");
  }

  @Test
  void aBodyThatDoesNotComeIsNotWaitedFor() throws IOException {
    Socket socket = open();
    write(socket, "POST " + STATUS + " HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\ngood");
    assertThat(answer(socket)).startsWith("HTTP/1.1 408").contains("did not come within 1 s");
    assertThat(judged).isEmpty();
  }

  @Test
  void aSecondRequestOnTheSameConnectionIsNotAnswered() throws IOException {
    String request = "POST " + STATUS + " HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\ngood";
    Socket socket = open();
    write(socket, request + request);
    assertThat(answer(socket).split("HTTP/1.1 ", -1)).hasSize(2);
  }

  @Test
  void tokensLookedAtAtATimeAreLimitedAlsoThoseOfClientsThatHaveGone() throws IOException {
    answering = new CountDownLatch(1);
    List<Socket> waiting = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      Socket socket = open();
      write(socket, "POST " + STATUS + " HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\ngood");
      waiting.add(socket);
    }
    await().untilAsserted(() -> assertThat(post(STATUS, "good")).startsWith("HTTP/1.1 503"));
    for (Socket socket : waiting.subList(0, 8)) {
      socket.close();
    }
    answering.countDown();
    for (Socket socket : waiting.subList(8, 16)) {
      assertThat(answer(socket)).startsWith("HTTP/1.1 200");
    }
    // All places are free again.
    for (int round = 0; round < 20; round++) {
      assertThat(post(STATUS, "good")).startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void standbySaysWhoLeads() throws IOException {
    leader = instance -> "b";
    assertThat(post(STATUS, "good"))
        .startsWith("HTTP/1.1 503")
        .contains("a stands by; the leader is b")
        // kubectl would wait for it instead of asking another replica.
        .doesNotContain("Retry-After");
  }

  private AuthResult judge(String token) {
    judged.add(token);
    try {
      answering.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return switch (token) {
      case "good" -> AuthResult.ALLOWED;
      case "broken" -> throw new IllegalStateException("the judge is ill");
      default -> new AuthResult(401, "not this one");
    };
  }

  private String post(String path, String body) throws IOException {
    return send("POST", path, body);
  }

  private String send(String verb, String path, String body) throws IOException {
    return exchange(
        "%s %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d".formatted(verb, path, body.length()),
        body);
  }

  private String exchange(String head, String... body) throws IOException {
    Socket socket = open();
    write(socket, head + "\r\n\r\n" + String.join("", body));
    return answer(socket);
  }

  private Socket open() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.actualPort());
    socket.setSoTimeout(20_000);
    sockets.add(socket);
    return socket;
  }

  private static void write(Socket socket, String what) throws IOException {
    socket.getOutputStream().write(what.getBytes(UTF_8));
  }

  /** Reads until the server closes the connection. */
  private static String answer(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), UTF_8);
  }

  /** One network, without nodes. */
  private final class MadeUp implements io.flannel.operator.report.view.Networks {
    private final FlannelNetworkSpec spec =
        Networks.spec("{cidr: 10.244.0.0/16, backend: {type: ipip}}");

    @Override
    public Replica replica() {
      return new Replica("1", "a", Optional.of(leader.apply("a")));
    }

    @Override
    public List<String> names() {
      return List.of("default");
    }

    @Override
    public Optional<ObservedNetwork> find(String name) {
      return name.equals("default")
          ? Optional.of(
              new ObservedNetwork(name, 1, false, spec, Optional.empty(), Optional.empty()))
          : Optional.empty();
    }

    @Override
    public Optional<String> revision(String name) {
      return Optional.of("1");
    }
  }
}
