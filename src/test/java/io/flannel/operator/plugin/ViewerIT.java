package io.flannel.operator.plugin;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.cli.Kubectl;
import io.flannel.operator.testing.cli.Kubectl.Outcome;
import io.flannel.operator.testing.cli.UserShell;
import io.flannel.operator.testing.cli.UserShell.Answer;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.cluster.ViewerService;
import io.flannel.operator.testing.fakes.FakeNodes;
import io.flannel.operator.testing.operator.OperatorProcess;
import io.flannel.operator.testing.process.ListeningSockets;
import io.flannel.operator.web.metricsserver.Tokens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code kubectl flannel} through the API server's Service proxy, as a user with only the published
 * rights: the real kubectl, API server and packaged operator. {@code PluginE2E} also has the
 * Service's real endpoints.
 */
class ViewerIT {
  private static final String LAST_KNOWN = "This is what the status of FlannelNetwork default says";
  private static final String AUDIENCE = "flannel-operator-viewer";
  private static final String PROXY =
      "/api/v1/namespaces/%s/services/https:%s:text/proxy"
          .formatted(TestCluster.SYSTEM, ViewerService.NAME);
  private static final int PORT = ViewerService.freePort();

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final ViewerService service = new ViewerService(cluster);

  @RegisterExtension
  static final RunningOperator operator =
      new RunningOperator(cluster, it -> ViewerService.listening(it, PORT));

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  @TempDir Path folder;
  private TestNetwork network;
  private UserShell viewer;

  @BeforeEach
  void aNetworkAndSomebodyWhoLooks() {
    network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP).awaitReady();
    viewer = UserShell.of(cluster.api()).as(PublishedRights.account(cluster, "viewer"));
    PublishedRights.give(cluster, "viewer", "ClusterRole");
    PublishedRights.give(cluster, "viewer", "Role");
    service.leadsTo(Map.of("operator-1", PORT));
    eventually(
        "the operator to listen",
        () -> assertThat(asked("/text/status", "").said()).contains("the request's body is empty"));
  }

  @Test
  void theOperatorsWordsByThePublishedRightsAlone() {
    says(viewer, 0, "status")
        .startsWith("Network   default\nReady     True for ")
        .contains("\nProblems  none\n")
        .doesNotContain(LAST_KNOWN);
    says(viewer, 0, "problems").isEqualTo("Nothing is wrong with network default.\n");
    says(viewer, 0, "nodes -o wide").contains("DEVICE", "flannel.ipip", "node-3");
    says(viewer, 0, "path node-1 node-3")
        .startsWith("node-1 -> node-3 by ipip, through the tunnel\n");
    // The operator's own error, without one about other ways to reach it.
    says(viewer, 2, "path node-1 node-9")
        .isEqualTo(
            "kubectl flannel: node-9 is no node of network default: kubectl flannel nodes shows"
                + " them\n");
    Path archive = folder.resolve("bundle.tar.gz");
    says(viewer, 0, "bundle " + archive).contains(archive.toString());
    assertThat(viewer.run("tar -xzOf %s --wildcards '*/operator.txt'".formatted(archive)).said())
        .contains("== status of default", "== nodes of default");

    nodes.agents().lose("node-2");
    eventually("a problem", () -> assertThat(network.status().problems()).isNotEmpty());
    says(viewer, 1, "problems").startsWith("EncapsulationBlocked\n  Nodes  node-2\n");
    says(viewer, 1, "path node-1 node-2").contains("EncapsulationBlocked");
  }

  @Test
  void asSomebodyElse() {
    UserShell administrator = UserShell.of(cluster.api());
    says(administrator, 0, "status --as system:serviceaccount:default:viewer")
        .startsWith("Network   default\nReady     True for ");
    says(administrator, 2, "status --as system:serviceaccount:default:nobody-at-all")
        .contains("FlannelNetworks can't be read: ");
  }

  @Test
  void theTokenIsInNoArgumentNoUrlAndNoAuditLog() throws Exception {
    Path arguments = folder.resolve("arguments");
    Path kubectl = folder.resolve("kubectl");
    Files.writeString(
        kubectl,
        "#!/bin/sh\nprintf '%%s ' \"$@\" >>%s\nexec %s \"$@\"\n"
            .formatted(arguments, viewer.run("command -v kubectl").said().strip()));
    Files.setPosixFilePermissions(kubectl, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Answer told =
        viewer.run(
            "PATH=%s:$PATH TMPDIR=%s kubectl flannel status -n flannel-system"
                .formatted(folder, temporary));
    assertThat(told.said()).startsWith("Network   default\nReady     True for ");
    assertThat(Files.readString(arguments))
        .contains("create token " + ViewerService.NAME, "create --request-timeout=60s --raw ")
        .doesNotContain("eyJ");
    try (var lines = Files.lines(cluster.api().directory().resolve("audit.log"))) {
      assertThat(lines.filter(line -> line.contains(PROXY)))
          .isNotEmpty()
          .noneMatch(line -> line.contains("eyJ"));
    }
    try (var left = Files.list(temporary)) {
      assertThat(left).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "port-forward pod/operator-1 :10248",
        "exec operator-1 -- id",
        "get --raw /api/v1/namespaces/flannel-system/pods/operator-1:10248/proxy/healthz",
        "get --raw /api/v1/namespaces/flannel-system/pods/https:operator-1:10250/proxy/pods",
        "get --raw /api/v1/nodes/node-1/proxy/pods",
        "create token flannel-operator",
        "create token default",
        "get secrets",
        "create --raw /api/v1/namespaces/flannel-system/services/https:%s:18080/proxy/q/metrics",
        "create --raw /api/v1/namespaces/flannel-system/services/https:%s:18444/proxy/text/status",
        "create --raw /api/v1/namespaces/flannel-system/services/http:%s:text/proxy/text/status",
        "create --raw /api/v1/namespaces/flannel-system/services/%s:text/proxy/text/status",
        "create --raw /api/v1/namespaces/flannel-system/services/%s/proxy/text/status",
        "create --raw"
            + " /api/v1/namespaces/flannel-system/services/https:other:text/proxy/text/status",
        "create --raw /api/v1/namespaces/default/services/https:%s:text/proxy/text/status",
        "get --raw /api/v1/namespaces/flannel-system/services/https:%s:text/proxy/text/status"
      })
  void nothingElseIsOpenToThem(String command) {
    String input = command.startsWith("create --raw") ? " -f - <<<token" : "";
    Answer refused =
        viewer.run(
            "kubectl -n %s %s%s"
                .formatted(TestCluster.SYSTEM, command.replace("%s", ViewerService.NAME), input));
    assertThat(refused.code()).as(refused.said()).isNotZero();
    assertThat(refused.said()).contains("forbidden: User ", "cannot ");
  }

  @Test
  void onlyAViewersOwnTokenForThisOpensItAndNotForLong() throws Exception {
    Tokens tokens = new Tokens(cluster.api(), TestCluster.SYSTEM);
    Instant soon = Instant.now().plusSeconds(300);
    String good = tokens.forAudience(ViewerService.NAME, AUDIENCE);
    // Valid for an hour, the API server's default.
    assertThat(asked("/text/status?network=default", good).said()).startsWith("Network   default");
    assertThat(
            asked(
                    "/text/status?network=default",
                    tokens.signedUntil(ViewerService.NAME, AUDIENCE, soon))
                .code())
        .as("so that it is not for its form that the next ones are refused")
        .isZero();

    refused("expired", tokens.signedUntil(ViewerService.NAME, AUDIENCE, soon.minusSeconds(600)));
    refused("for the API server", tokens.of(ViewerService.NAME));
    refused("for another audience", tokens.forAudience(ViewerService.NAME, "vault"));
    refused("of the operator", tokens.forAudience("flannel-operator", AUDIENCE));
    refused(
        "of the same name elsewhere",
        new Tokens(cluster.api(), "default").forAudience("viewer", AUDIENCE));
    refused("none", "garbage");
    refused("empty", "");
    String forADay =
        kubectl(
                "",
                "-n",
                TestCluster.SYSTEM,
                "create",
                "token",
                ViewerService.NAME,
                "--audience=" + AUDIENCE,
                "--duration=24h")
            .said()
            .strip();
    refused("too long", forADay);
    assertThat(asked("/text/status", forADay).said())
        .contains("good for longer than 60 minutes", "kubectl -n flannel-system create token ");
  }

  @Test
  void theTextAloneIsServedToTheViewersAndByPostAlone() {
    String token =
        new Tokens(cluster.api(), TestCluster.SYSTEM).forAudience(ViewerService.NAME, AUDIENCE);
    for (String path :
        new String[] {
          "/", "/q/metrics", "/q/health", "/metrics", "/page/app.js", "/api/networks"
        }) {
      assertThat(asked(path, token).said()).as(path).contains("(NotFound): nothing is told at ");
    }
    assertThat(kubectl("", "get", "--raw", PROXY + "/text/status").said())
        .contains("(MethodNotAllowed): ");
    assertThat(asked("/text/status", "x".repeat(10_000)).said()).contains("is no token");
    assertThat(ListeningSockets.tcp(operator.process().pid()))
        .containsExactlyInAnyOrder(
            ViewerService.address() + ":" + PORT, operator.process().url().replace("http://", ""));
  }

  @Test
  void anyReplicaThatTheApiServerChoosesWillDo() {
    int port = ViewerService.freePort();
    try (OperatorProcess standby =
        ViewerService.listening(cluster.operator().environment("POD_NAME", "operator-2"), port)) {
      standby.start().awaitReady();
      service.leadsTo(Map.of("operator-2", port));
      String token =
          new Tokens(cluster.api(), TestCluster.SYSTEM).forAudience(ViewerService.NAME, AUDIENCE);
      eventually(
          "the standby to say so",
          () ->
              assertThat(asked("/text/status", token).said())
                  .contains("operator-2 stands by; the leader is operator-1"));
      service.leadsTo(Map.of("operator-1", PORT, "operator-2", port));
      for (int time = 0; time < 6; time++) {
        says(viewer, 0, "status").startsWith("Network   default\nReady     True for ");
      }
    }
  }

  @Test
  void statusIsToldAndWhatToDoWhereTheApiServerDoesNotReachTheOperator() {
    service.leadsTo(Map.of());
    says(viewer, 0, "status")
        .contains("the operator can't be asked through the API server: no endpoints available")
        .contains("; and no port could be forwarded to the operator's pod ")
        .contains("\nWhat to do: see that the operator runs, and that the API server reaches")
        .contains(LAST_KNOWN, "Ready     True since ");
    says(viewer, 2, "path node-1 node-2").contains("no endpoints available", "What to do: ");
    Path archive = folder.resolve("bundle.tar.gz");
    says(viewer, 0, "bundle " + archive);
    assertThat(viewer.run("tar -xzOf %s --wildcards '*/errors.txt'".formatted(archive)).said())
        .contains("operator.txt\n  the operator can't be asked through the API server: ");
    // Users who may forward ports get their answer that way.
    UserShell administrator = UserShell.of(cluster.api()).forwardingTo(operator.process(), folder);
    says(administrator, 0, "status")
        .startsWith("Network   default\nReady     True for ")
        .doesNotContain(LAST_KNOWN);
  }

  @Test
  void userWithoutTheRightIsToldWhatToAskFor() {
    UserShell half =
        UserShell.of(cluster.api()).as(PublishedRights.account(cluster, "viewer-of-names"));
    PublishedRights.give(cluster, "viewer-of-names", "ClusterRole");
    String looks = "viewer-of-names";
    String[] role = {"-n", TestCluster.SYSTEM, "create", "role", looks};
    String[] binding = {"-n", TestCluster.SYSTEM, "create", "rolebinding", looks};
    kubectl("", with(role, "--verb=get,list", "--resource=deployments.apps,leases"));
    kubectl("", with(binding, "--role=" + looks, "--serviceaccount=default:viewer-of-names"));
    try {
      says(half, 0, "status")
          .contains(
              "no token of the ServiceAccount flannel-system/flannel-operator-viewer could be")
          .contains("forbidden")
          .contains("What to do: ask for the rights that docs/kubectl-flannel.md lists.\n")
          .contains(LAST_KNOWN);
    } finally {
      kubectl("", "-n", TestCluster.SYSTEM, "delete", "role,rolebinding", looks);
    }
  }

  private static String[] with(String[] words, String... more) {
    return Stream.concat(Stream.of(words), Stream.of(more)).toArray(String[]::new);
  }

  private static void refused(String what, String token) {
    Outcome outcome = asked("/text/status?network=default", token);
    assertThat(outcome.code()).as(what).isNotZero();
    assertThat(outcome.said())
        .as(what)
        .startsWith("error: You must be logged in to the server (")
        .contains("create token flannel-operator-viewer --audience flannel-operator-viewer")
        .doesNotContain("Network   ");
  }

  /** Sends the request as the administrator, so that only the operator decides about the token. */
  private static Outcome asked(String path, String token) {
    return kubectl(token, "create", "--raw", PROXY + path, "-f", "-");
  }

  private static Outcome kubectl(String input, String... words) {
    return new Kubectl(cluster.api()).runReading(input, words);
  }

  private static AbstractStringAssert<?> says(UserShell shell, int code, String words) {
    Answer answer = shell.run("kubectl flannel %s -n %s".formatted(words, TestCluster.SYSTEM));
    assertThat(answer.code()).as("%s%n%s", words, answer.said()).isEqualTo(code);
    return assertThat(answer.said()).as(words);
  }
}
