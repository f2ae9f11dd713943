package io.flannel.operator.agent;

import static io.flannel.operator.api.FlannelNodeSpecBuilder.nodeSpec;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.agent.json.RecordJson;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeSpec.Peer;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.api.FlannelNodeStatus.Finding;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import io.flannel.operator.api.FlannelNodeStatus.Route;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.testing.cluster.TestCluster;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What agents write fits a FlannelNode's schema up to its bounds. The API server rejects what
 * exceeds them.
 */
class StatusBoundsIT {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00.123456789Z");

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @BeforeEach
  void aNode() {
    FlannelNode node = new FlannelNode();
    node.setMetadata(new ObjectMetaBuilder().withName(name(0)).build());
    node.setSpec(spec());
    cluster.client().resource(node).create();
  }

  @Test
  void reportOfAllPeersInAllFaultsIsAcceptedAndRead() {
    FlannelNodeStatus status = status(text(Bounds.FINDING_MESSAGE));

    report(status);

    FlannelNode written = node();
    assertThat(written.getSpec()).isEqualTo(spec());
    assertThat(written.getStatus()).isEqualTo(status);
    written.getMetadata().setManagedFields(List.of());
    assertThat(Serialization.asJson(written).getBytes(UTF_8).length).isLessThan(300_000);
    assertThat(AgentReport.read(1, written.getSpec(), written.getStatus(), Duration.ofSeconds(1)))
        .isInstanceOf(AgentReport.Received.class);
  }

  @Test
  void theDearestTextIsAcceptedToo() {
    // Go's JSON encoder writes the first as six bytes. The second takes four.
    for (String character : List.of("<", "😀")) {
      FlannelNodeStatus status =
          status(character.repeat(Bounds.FINDING_MESSAGE / character.length()));
      report(status);
      assertThat(node().getStatus()).isEqualTo(status);
    }
  }

  @Test
  void valuePastItsBoundIsRefusedAtItsField() {
    report(status("seen"));
    Map.ofEntries(
            Map.entry("observedGeneration", "10000000000000000"),
            Map.entry("reportedAt", "\"yesterday\""),
            Map.entry("agentVersion", "\"1.0\\u001b[31m\""),
            Map.entry("agentSince", "\"%s\"".formatted("2".repeat(1_000_000))),
            Map.entry("bootedAt", "\"2026-11-23T10:00:00\""),
            Map.entry("bridgeAddress", "\"here\""),
            Map.entry("device.mtu", "5000000000"),
            Map.entry("nic.mtu", "65537"),
            Map.entry("bridge.mtu", "-1"),
            Map.entry("device.name", "\"../eth0\""),
            Map.entry("device.kind", "\"%s\"".formatted("k".repeat(33))),
            Map.entry("device.address", "\"10.244.1.0\""),
            Map.entry("findings[0].reason", "\"Device Down\""),
            Map.entry("findings[1].message", "\"a\\u009b31mb\""),
            Map.entry("findings[2].message", "\"a\\u202eb\""),
            Map.entry("findings[3].message", "\"a\\u2028b\""),
            Map.entry("findings[4].message", "\"a\\nb\""),
            Map.entry("findings[5].message", "\"%s\"".formatted("m".repeat(1025))),
            Map.entry("findings[6].peer", "\"n 2\""),
            Map.entry("peers[0].name", "\"%s\"".formatted("n".repeat(254))),
            Map.entry("peers[1].address", "\"%s\"".formatted("1".repeat(46))),
            Map.entry("peers[2].rttP99Micros", "3000000000"),
            Map.entry("peers[3].lossPercent", "101"),
            Map.entry("peers[4].since", "\"\""),
            Map.entry("peers[5].route.device", "\"a b\""),
            Map.entry("peers[6].route.destination", "\"everywhere\""),
            Map.entry("findings", "[%s]".formatted(several(65, "{\"reason\": \"DeviceDown\"}"))),
            Map.entry("peers", "[%s]".formatted(several(129, "{\"name\": \"n2\"}"))))
        .forEach(
            (field, value) -> {
              String path = field.replace('.', '/').replaceAll("\\[([0-9]+)]", "/$1");
              var refusal =
                  catchThrowableOfType(
                      KubernetesClientException.class,
                      () ->
                          patch(
                              "[{\"op\": \"add\", \"path\": \"/status/%s\", \"value\": %s}]"
                                  .formatted(path, value)));
              assertThat(refusal).as(field).isNotNull();
              assertThat(refusal.getStatus().getDetails().getCauses())
                  .as(field)
                  .extracting(cause -> cause.getField())
                  .contains("status." + field);
            });
  }

  /**
   * A status with everything that an agent may report. Each peer's part comes from {@link
   * PeerHealth}.
   */
  private static FlannelNodeStatus status(String message) {
    return new FlannelNodeStatus(
        1L,
        NOW.toString(),
        "0.1.0",
        NOW.toString(),
        true,
        NOW.toString(),
        device("flannel.1677721", "vxlan"),
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        device("enp129s0f0np0-0", null),
        device("cni0", "bridge"),
        Stream.generate(() -> NodeFault.values())
            .flatMap(Stream::of)
            .limit(Bounds.FINDINGS)
            .map(
                fault ->
                    new Finding(
                        fault.reason(),
                        message,
                        fault.scope() == NodeFault.Scope.PEER ? name(1) : null))
            .toList(),
        IntStream.rangeClosed(1, Bounds.PEERS).mapToObj(StatusBoundsIT::seen).toList());
  }

  private static PeerReport seen(int i) {
    PeerHealth health = new PeerHealth(name(i), InetAddress.ofLiteral(address(i)));
    health.keepOnly(EnumSet.allOf(ProbePath.class));
    for (int round = 0; round < 30; round++) {
      long number = health.nextRound();
      for (ProbePath path : ProbePath.values()) {
        health.sent(path, number);
        health.answered(path, number, round % 2 == 0, 30_000_000_000L, 3, NOW);
      }
    }
    return health
        .report()
        .with(
            new Route(address(i) + "/128", address(i), i % 2 == 0 ? "brücke0" : "eth0.4094", true));
  }

  private static FlannelNodeSpec spec() {
    return nodeSpec(BackendType.VXLAN)
        .network("n".repeat(Bounds.NAME))
        .device("flannel.1677721")
        .directRouting(true)
        .vxlan(new FlannelNodeSpec.Vxlan(Bounds.LARGEST_VNI, Bounds.LARGEST_PORT))
        .mtu(Bounds.LARGEST_POD_MTU)
        .cidr("255.255.255.255/32")
        .ipv6Cidr(address(0) + "/128")
        .subnet("255.255.255.255/32")
        .ipv6Subnet(address(0) + "/128")
        .publicIp(address(0))
        .probe(new FlannelNodeSpec.Probe("300s", 100, Bounds.LARGEST_PORT))
        .peers(
            IntStream.rangeClosed(1, Bounds.PEERS)
                .mapToObj(
                    i ->
                        new Peer(
                            name(i),
                            address(i),
                            address(i),
                            "255.255.255.255/32",
                            "12:c6:65:89:b4:e3",
                            BackendType.WIREGUARD))
                .toList())
        .allPeers(false)
        .get();
  }

  private static Device device(String name, String kind) {
    return new Device(name, kind, true, Bounds.LARGEST_MTU, address(0) + "/128");
  }

  private static String address(int i) {
    return "ffff:ffff:ffff:ffff:ffff:ffff:ffff:%x".formatted(0xf000 + i);
  }

  /** A name of the maximum length. */
  private static String name(int i) {
    String label = "n".repeat(62) + ".";
    String number = "%04d".formatted(i);
    return label.repeat(3)
        + "n".repeat(Bounds.NAME - 3 * label.length() - number.length())
        + number;
  }

  private static String text(int length) {
    return ("the route to n2's pods is 10.244.2.0/24 via 192.168.0.9 dev eth0; "
            .repeat(length / 60 + 1)
            .substring(0, length - 1)
        + "…");
  }

  private static String several(int count, String json) {
    return Stream.generate(() -> json).limit(count).collect(joining(","));
  }

  /** Writes the status as {@link OwnFlannelNode#report} does. */
  private static void report(FlannelNodeStatus status) {
    patch(
        new String(
            RecordJson.write(List.of(Map.of("op", "add", "path", "/status", "value", status))),
            UTF_8));
  }

  private static void patch(String json) {
    cluster
        .client()
        .resources(FlannelNode.class)
        .withName(name(0))
        .subresource("status")
        .patch(
            new PatchContext.Builder()
                .withPatchType(PatchType.JSON)
                .withFieldManager("flannel-node-agent")
                .build(),
            json);
  }

  private static FlannelNode node() {
    return cluster.client().resources(FlannelNode.class).withName(name(0)).get();
  }
}
