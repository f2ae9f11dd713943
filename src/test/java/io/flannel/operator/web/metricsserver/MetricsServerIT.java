package io.flannel.operator.web.metricsserver;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBindingBuilder;
import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.operator.OperatorProcess;
import io.flannel.operator.testing.process.ListeningSockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Who gets the metrics over the network, with the chart's RBAC and a real API server's reviews.
 * Here 127.0.0.2 is the node's address and 127.0.0.1 its loopback.
 */
class MetricsServerIT {
  private static final String NODE = "127.0.0.2";
  private static final String ROLE = "flannel-operator-metrics-reader";

  @RegisterExtension static final ApiServer api = new ApiServer();

  private static int port;
  private static OperatorProcess operator;
  private static Scraper scraper;
  private static Tokens tokens;

  @BeforeAll
  static void anOperatorThatServesThem() throws IOException {
    api.installCrds().controllerManager();
    TestCluster.admitWithMetrics(api);
    tokens = new Tokens(api).account("prometheus").account("nobody");
    bind("prometheus");
    port = freePort();
    operator = serving(port).start().awaitReady();
    scraper = new Scraper("https://" + NODE + ":" + port + "/metrics");
    eventually(
        "the metrics' server", () -> assertThat(scraper.getWithoutToken().code()).isEqualTo(401));
  }

  @AfterAll
  static void end() {
    operator.close();
  }

  @Test
  void accountWithTheRoleGetsTheSeries() throws IOException {
    var scraped = scraper.get(tokens.of("prometheus"));
    assertThat(scraped.code()).isEqualTo(200);
    assertThat(scraped.response().headers().firstValue("Content-Type"))
        .hasValue("text/plain; version=0.0.4; charset=utf-8");
    assertThat(scraped.body())
        .contains("# TYPE flannel_reconcile_duration_seconds summary", "process_uptime_seconds ");
  }

  @Test
  void requestWithoutATokenGetsNoSeries() throws IOException {
    var scraped = scraper.getWithoutToken();
    assertThat(scraped.code()).isEqualTo(401);
    assertThat(scraped.body()).contains("Authorization: Bearer TOKEN").doesNotContain("flannel_");
    assertThat(scraped.response().headers().firstValue("WWW-Authenticate")).hasValue("Bearer");
  }

  @Test
  void accountWithoutTheRightIsToldHowToGetItAndGetsItThen() throws IOException {
    tokens.account("new");
    String token = tokens.of("new");
    var scraped = scraper.get(token);
    assertThat(scraped.code()).isEqualTo(403);
    assertThat(scraped.body())
        .startsWith("system:serviceaccount:default:new may not get /metrics.")
        .contains("-metrics-reader");
    bind("new");
    eventually(
        "the new right to be known", () -> assertThat(scraper.get(token).code()).isEqualTo(200));
  }

  @Test
  void aTokenThatTheApiServerWouldNotTakeIsNone() throws Exception {
    Instant now = Instant.now();
    // Shows that the others are not refused for their form.
    assertThat(scraper.get(tokens.signedUntil("prometheus", now.plusSeconds(3600))).code())
        .isEqualTo(200);
    assertThat(scraper.get(tokens.signedUntil("prometheus", now.minusSeconds(60))).code())
        .as("expired")
        .isEqualTo(401);
    assertThat(scraper.get(tokens.ofAnotherCluster("prometheus", now.plusSeconds(3600))).code())
        .as("of another cluster")
        .isEqualTo(401);
    assertThat(scraper.get(tokens.forAudience("prometheus", "vault")).code())
        .as("for another audience")
        .isEqualTo(401);
    var garbage = scraper.get("garbage");
    assertThat(garbage.code()).isEqualTo(401);
    assertThat(garbage.body()).contains("The API server does not accept this token");
  }

  @Test
  void thereIsNothingElse() throws IOException {
    String token = tokens.of("prometheus");
    for (String path : new String[] {"/", "/q/metrics", "/metrics/", "/q/health"}) {
      var request =
          HttpRequest.newBuilder(URI.create("https://" + NODE + ":" + port + path))
              .header("Authorization", "Bearer " + token);
      assertThat(scraper.send(request).code()).as(path).isEqualTo(404);
    }
    var post =
        scraper
            .request()
            .header("Authorization", "Bearer " + token)
            .POST(HttpRequest.BodyPublishers.ofString("x"));
    assertThat(scraper.send(post).code()).isEqualTo(405);
  }

  @Test
  void plainHttpIsNotSpoken() {
    var plain = new Scraper("http://" + NODE + ":" + port + "/metrics");
    assertThatThrownBy(plain::getWithoutToken).isInstanceOf(IOException.class);
  }

  @Test
  void itListensOnTheOneAddressAndNothingElseLeavesLoopback() {
    assertThat(ListeningSockets.tcp(operator.pid()))
        .containsExactlyInAnyOrder(NODE + ":" + port, operator.url().replace("http://", ""));
  }

  @Test
  void operatorWithoutItListensOnLoopbackOnly() {
    try (var quiet = TestCluster.operatorOf(api).environment("POD_NAME", "operator-2")) {
      quiet.start().awaitReady();
      assertThat(ListeningSockets.tcp(quiet.pid()))
          .containsExactly(quiet.url().replace("http://", ""));
    }
  }

  @Test
  void nobodyIsLetInWhileTheApiServerIsAway() throws IOException {
    tokens.account("late");
    bind("late");
    String token = tokens.of("late");
    api.killServer();
    try {
      var scraped = scraper.get(token);
      assertThat(scraped.code()).isEqualTo(503);
      assertThat(scraped.body()).contains("can't be asked of the API server");
    } finally {
      api.startServerAgain();
    }
    eventually(
        "the API server's answer",
        () -> {
          if (!operator.isAlive()) {
            // It lost its Lease while the API server was away and exited; kubelet would restart it.
            operator.start();
          }
          assertThat(scraper.get(token).code()).isEqualTo(200);
        });
  }

  @Test
  void aRenewedCertificateIsShownAndABrokenOneIsNot(@TempDir Path secret) throws Exception {
    PemCertificate first = SelfSigned.certificate(NODE, Instant.now());
    mount(secret, "..1", first);
    int port = freePort();
    try (var renewed =
        serving(port)
            .environment("POD_NAME", "operator-3")
            .environment("FLANNEL_METRICS_TLS_DIRECTORY", secret.toString())) {
      renewed.start().awaitReady();
      var scraper = new Scraper("https://" + NODE + ":" + port + "/metrics");
      eventually("the first certificate", () -> assertThat(shown(scraper)).isEqualTo(pem(first)));

      PemCertificate second = SelfSigned.certificate(NODE, Instant.now());
      mount(secret, "..2", second);
      eventually("the second one", () -> assertThat(shown(scraper)).isEqualTo(pem(second)));
      assertThat(scraper.get(tokens.of("prometheus")).code()).isEqualTo(200);

      Files.createDirectories(secret.resolve("..3"));
      Files.writeString(secret.resolve("..3/tls.crt"), "no certificate");
      Files.writeString(secret.resolve("..3/tls.key"), "no key");
      link(secret, "..3");
      eventually(
          "what is said of the third",
          () -> assertThat(renewed.logged()).contains("The certificate from before is shown"));
      assertThat(shown(scraper)).isEqualTo(pem(second));
      assertThat(renewed.stackTraces()).isEmpty();
    }
  }

  private static OperatorProcess serving(int port) {
    return TestCluster.operatorOf(api)
        .environment("FLANNEL_METRICS_HOST", NODE)
        .environment("FLANNEL_METRICS_PORT", Integer.toString(port));
  }

  private static void bind(String account) {
    api.client()
        .resource(
            new ClusterRoleBindingBuilder()
                .withNewMetadata()
                .withName("metrics-of-" + account)
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "ClusterRole", ROLE)
                .addNewSubject()
                .withKind("ServiceAccount")
                .withNamespace("default")
                .withName(account)
                .endSubject()
                .build())
        .create();
  }

  /**
   * Mounts a Secret like kubelet: the files are links through a link that is switched atomically.
   */
  private static void mount(Path secret, String version, PemCertificate certificate)
      throws IOException {
    Path directory = Files.createDirectories(secret.resolve(version));
    Files.write(directory.resolve("tls.crt"), certificate.chain());
    Files.write(directory.resolve("tls.key"), certificate.key());
    link(secret, version);
    for (String name : new String[] {"tls.crt", "tls.key"}) {
      if (!Files.exists(secret.resolve(name))) {
        Files.createSymbolicLink(secret.resolve(name), Path.of("..data", name));
      }
    }
  }

  private static void link(Path secret, String version) throws IOException {
    Path turned = Files.createSymbolicLink(secret.resolve("..data_tmp"), Path.of(version));
    Files.move(turned, secret.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
  }

  private static String shown(Scraper scraper) throws Exception {
    byte[] der = scraper.getWithoutToken().certificate().getEncoded();
    return Base64.getEncoder().encodeToString(der);
  }

  private static String pem(PemCertificate certificate) {
    return new String(certificate.chain(), StandardCharsets.US_ASCII)
        .replaceAll("-----.*-----", "")
        .replace("\n", "");
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getByName(NODE))) {
      return socket.getLocalPort();
    }
  }
}
