package io.flannel.operator.agent;

import static io.flannel.operator.api.FlannelNodeSpecBuilder.nodeSpec;
import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.flannel.operator.agent.ProbeSettings.Target;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeSpec.Peer;
import io.flannel.operator.api.FlannelNodeSpec.Probe;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.operator.AgentProcess;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the agent as a process, with its real permissions and a real API server. Its peer is a
 * prober in this JVM.
 */
class AgentIT {
  @RegisterExtension static final ApiServer api = new ApiServer();

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String HERE = "127.0.0.2";
  private static final String THERE = "127.0.0.3";
  private static final String NODE = "node-1";

  @TempDir Path folder;

  private int port;
  private Prober peer;
  private AgentProcess agent;

  @BeforeEach
  void startPeer() throws IOException {
    api.installCrds();
    api.client().resources(FlannelNode.class).delete();
    try (DatagramSocket free = new DatagramSocket(0, InetAddress.ofLiteral(HERE))) {
      port = free.getLocalPort();
    }
    peer =
        new Prober(
            "node-2", InetAddress.ofLiteral(THERE), Clock.systemUTC(), new Random(), () -> {});
    InetAddress here = InetAddress.ofLiteral(HERE);
    peer.probe(
        new ProbeSettings(
            port,
            Duration.ofSeconds(1),
            3,
            OptionalInt.empty(),
            List.of(new Target(NODE, here, Optional.of(here), Optional.empty(), false))));
    Thread.ofPlatform().daemon().start(peer);
    agent = AgentProcess.of(api, NODE, HERE).javaOptions("-Xmx16m", "-XX:+UseSerialGC");
  }

  @AfterEach
  void end() {
    agent.close();
    peer.close();
  }

  @Test
  void itReportsWhatItsProbesSaw() {
    agent.start();
    eventually("it waits", () -> said("there is no FlannelNode node-1", 1));
    create(spec("1s", port));

    eventually("a healthy report", () -> assertThat(report()).satisfies(AgentIT::isHealthy));
    assertThat(status().observedGeneration()).isEqualTo(1);
    assertThat(status().reportedAt()).isNotNull();
    assertThat(status().agentSince()).isNotNull();
    assertThat(status().bootedAt()).isNotNull();
    assertThat(status().stopping()).isNull();

    peer.close();
    eventually("the loss of the peer", () -> assertThat(report().overlay()).isFalse());
    eventually("that its node is alive", () -> assertThat(report().alive()).isTrue());
    assertThat(agent.stop()).isEqualTo(143);
    assertThat(status().stopping()).isTrue();
    assertThat(report().overlay()).isFalse();
    said("there is no FlannelNode node-1", 1);
  }

  @Test
  void itTakesUpTheKeyWithoutARestartAndForgedRequestsTakeNothing() throws IOException {
    Path keys = Files.createDirectory(folder.resolve("keys"));
    create(spec("1s", port));
    agent = agent.environment("PROBE_KEY_DIR", keys.toString()).start();
    eventually("a healthy report", () -> assertThat(report()).satisfies(AgentIT::isHealthy));
    eventually("it has no key", () -> said("there is no key in " + keys, 1));

    NetworkKey key = PeerSignatureTest.key(1);
    Files.write(keys.resolve("current"), key.bytes());
    peer.sign(PeerSignatureTest.keys(key));
    eventually("it signs", () -> said("requests are signed with the network's key", 1));
    String since = report().since();
    InetAddress here = InetAddress.ofLiteral(HERE);
    InetAddress there = InetAddress.ofLiteral(THERE);
    try (Flood toAgent = Flood.of(there, new InetSocketAddress(here, port), 1000, Flood::forged);
        Flood toPeer = Flood.of(here, new InetSocketAddress(there, port), 1000, Flood::forged)) {
      eventually("it names whom it is done to", () -> said("in the name of node-2", 1));
      await()
          .during(Duration.ofSeconds(5))
          .atMost(Duration.ofMinutes(1))
          .failFast(
              "the peer does not reach it",
              () -> assertThat(peer.reports().getFirst().overlay()).isTrue())
          .until(() -> true);
      assertThat(toAgent.sent() + toPeer.sent()).isGreaterThan(5000);
    }
    assertThat(report()).satisfies(AgentIT::isHealthy);
    assertThat(report().since()).isEqualTo(since);
    assertThat(String.join("", agent.log()))
        .doesNotContain(Base64.getEncoder().encodeToString(key.bytes()));
  }

  @Test
  void aChangedSpecIsOneWriteOfItsOwnStatusAndNoOther() {
    create(spec("1s", port));
    agent.start();
    eventually("a healthy report", () -> assertThat(report()).satisfies(AgentIT::isHealthy));
    AuditLog.Mark mark = api.audit().mark();
    api.client().resource(node(spec("2s", port))).forceConflicts().serverSideApply();
    eventually("the new generation", () -> assertThat(status().observedGeneration()).isEqualTo(2));

    assertThat(api.audit().since(mark))
        .filteredOn(request -> request.isWriteBy(agent.user()))
        .hasSize(1)
        .allSatisfy(request -> assertThat(request.uri()).contains("/flannelnodes/node-1/status"));
  }

  @Test
  void agentGoesOnWithoutAnApiServerAndSaysSoOnce() {
    create(spec("1s", port));
    agent.start();
    eventually("a healthy report", () -> assertThat(report()).satisfies(AgentIT::isHealthy));
    api.killServer();
    try {
      eventually("the outage's line", () -> said("the API server cannot be asked", 1));
      peer.close();
    } finally {
      api.startServerAgain();
    }
    eventually("what happened meanwhile", () -> assertThat(report().underlay()).isFalse());
    eventually("the line of its end", () -> said("the API server answers again", 1));
    said("the API server cannot be asked", 1);
    said("cannot be written", 0);
  }

  @Test
  void agentKeepsTheSpecBeforeOneThatCannotBeUsed() {
    create(spec("1s", port));
    agent.start();
    eventually("a healthy report", () -> assertThat(report()).satisfies(AgentIT::isHealthy));
    // These CRDs would reject the spec, but a newer version's may accept it.
    api.kubectl(
        "patch",
        "crd",
        "flannelnodes.flannel.io",
        "--type=json",
        "-p",
        "[{\"op\":\"remove\",\"path\":\"/spec/versions/0/schema/openAPIV3Schema/properties/spec"
            + "/properties/backend/enum\"}]");
    eventually(
        "a spec from the future",
        () ->
            assertThat(
                    api.kubectl(
                        "patch",
                        "flannelnode",
                        NODE,
                        "--type=merge",
                        "-p",
                        "{\"spec\":{\"backend\":\"pigeons\"}}"))
                .contains("patched"));

    eventually("a line", () -> said("cannot be used, so the one before stays", 1));
    peer.close();
    eventually("it goes on probing", () -> assertThat(report().overlay()).isFalse());
    assertThat(status().observedGeneration()).isEqualTo(1);

    api.kubectl(
        "patch", "flannelnode", NODE, "--type=merge", "-p", "{\"spec\":{\"backend\":\"ipip\"}}");
    eventually("the new spec", () -> assertThat(status().observedGeneration()).isEqualTo(3));
    said("cannot be used, so the one before stays", 1);
    said("can be used again", 1);
  }

  @Test
  void agentWithoutANodeNameSaysWhatIsMissing() {
    try (AgentProcess nameless = AgentProcess.of(api, NODE, HERE).environment("NODE_NAME", "")) {
      nameless.start();
      eventually("its end", () -> assertThat(nameless.isAlive()).isFalse());
      assertThat(nameless.log())
          .anyMatch(line -> line.contains("WARN  Agent NODE_NAME is not set"));
    }
  }

  private void said(String what, int times) {
    assertThat(agent.log()).filteredOn(line -> line.contains(what)).hasSize(times);
  }

  private static FlannelNodeStatus status() {
    // Not through the typed client, which cannot read such a spec.
    try {
      JsonNode status =
          JSON.readTree(api.kubectl("get", "flannelnode", NODE, "-o", "json")).path("status");
      return Objects.requireNonNull(
          JSON.treeToValue(status, FlannelNodeStatus.class), "no status yet");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static PeerReport report() {
    return Objects.requireNonNull(status().peers(), "no peers").getFirst();
  }

  private static void isHealthy(PeerReport report) {
    assertThat(report.overlay()).isTrue();
    assertThat(report.fullSize()).isTrue();
    assertThat(report.underlay()).isTrue();
    assertThat(report.lossy()).isFalse();
    assertThat(report.rttP50Micros()).isPositive();
  }

  private static void create(FlannelNodeSpec spec) {
    api.client().resource(node(spec)).create();
  }

  private static FlannelNode node(FlannelNodeSpec spec) {
    FlannelNode node = new FlannelNode();
    node.setMetadata(new ObjectMetaBuilder().withName(NODE).build());
    node.setSpec(spec);
    return node;
  }

  private static FlannelNodeSpec spec(String interval, int port) {
    return nodeSpec(BackendType.IPIP)
        .device("flannel.ipip")
        .mtu(1480)
        .cidr("10.244.0.0/16")
        .subnet("10.244.1.0/24")
        .publicIp(HERE)
        .probe(new Probe(interval, 3, port))
        .peers(List.of(new Peer("node-2", THERE, THERE, null, null, null)))
        .get();
  }
}
