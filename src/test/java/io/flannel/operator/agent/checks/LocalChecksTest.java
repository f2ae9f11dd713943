package io.flannel.operator.agent.checks;

import static io.flannel.operator.agent.checks.HandMadeNode.VXLAN;
import static io.flannel.operator.agent.checks.HandMadeNode.reasons;
import static io.flannel.operator.agent.checks.HandMadeNode.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeSpecBuilder;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.Finding;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the checks read on a healthy {@link HandMadeNode}, and what failing tools lead to. */
class LocalChecksTest {
  @TempDir Path files;
  private HandMadeNode node;

  @BeforeEach
  void makeNode() throws IOException {
    node = HandMadeNode.in(files);
  }

  @AfterEach
  void removeNode() {
    if (node != null) {
      node.close();
    }
  }

  @Test
  void aVxlanNodeAsFlannelMakesIt() {
    node.run(VXLAN);
    LocalState state = node.lookTwice(node.checks(), BackendType.VXLAN);
    assertThat(state.findings()).isEmpty();
    assertThat(state.device())
        .contains(new FlannelNodeStatus.Device("flannel.1", "vxlan", true, 1450, "10.244.1.0/32"));
    assertThat(state.bridgeAddress()).contains("10.244.1.1");
    assertThat(state.way())
        .isEqualTo(
            new LocalState.Way(
                Optional.of(
                    new FlannelNodeStatus.Device("eth0", "veth", true, 1500, "192.168.0.81/24")),
                Optional.of(
                    new FlannelNodeStatus.Device("cni0", "bridge", true, 1450, "10.244.1.1/24")),
                Map.of(
                    "n2", new FlannelNodeStatus.Route(null, "10.244.2.0", "flannel.1", true),
                    "n3", new FlannelNodeStatus.Route(null, "10.244.3.0", "flannel.1", true))));
  }

  @Test
  void peerWithoutARouteOfItsOwnIsOnTheWayOfAWiderOne() {
    node.run(VXLAN + "ip route del 10.244.2.0/24");
    LocalState state = node.lookTwice(node.checks(), BackendType.VXLAN);
    assertThat(state.way().routes())
        .containsEntry("n2", new FlannelNodeStatus.Route("0.0.0.0/0", "192.168.0.1", "eth0", null));
  }

  @Test
  void aVxlanNodeWithDirectRouting() {
    node.run(
        VXLAN
            + """
            ip route replace 10.244.2.0/24 via 192.168.0.100
            ip neigh del 10.244.2.0 dev flannel.1
            bridge fdb del 12:c6:65:89:b4:00 dev flannel.1 dst 192.168.0.100
            ip route replace 10.244.3.0/24 via 192.168.0.101
            """);
    FlannelNodeSpec direct = spec(BackendType.VXLAN, true);
    LocalChecks checks = node.checks();
    checks.look(direct);
    node.waits();
    assertThat(checks.look(direct).findings()).isEmpty();
  }

  @Test
  void aHostGwNode() throws IOException {
    node.run(
        """
        ip link add eth0 type veth peer name wire
        ip link set wire up
        ip link set eth0 up
        ip addr add 192.168.0.81/24 dev eth0
        ip route add 10.244.2.0/24 via 192.168.0.100 dev eth0
        ip route add 10.244.3.0/24 via 192.168.0.101 dev eth0
        """);
    node.write(
        "subnet.env",
        "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1500\n");
    LocalChecks checks = node.checks();
    LocalState state = node.lookTwice(checks, BackendType.HOST_GW);
    assertThat(state.findings()).isEmpty();
    assertThat(state.device()).isEmpty();
    assertThat(state.bridgeAddress()).isEmpty();

    node.run("ip route del 10.244.3.0/24");
    node.waits();
    assertThat(node.lookTwice(checks, BackendType.HOST_GW).findings())
        .extracting(Finding::reason, Finding::peer)
        .containsExactly(tuple("RouteMissing", "n3"));
  }

  @Test
  void aToolThatIsNotThereIsOneFindingAndTheDeviceStaysAsItWas() {
    node.run(VXLAN);
    LocalChecks checks =
        node.checks(
            new Iproute2(List.of("no-such-ip"), List.of("no-such-bridge"), Duration.ofSeconds(30)));
    LocalState state = node.lookTwice(checks, BackendType.VXLAN);
    assertThat(state.findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.reason()).isEqualTo("ChecksFailed");
              assertThat(finding.message()).startsWith("cannot run no-such-ip");
            });
    assertThat(state.device()).isEmpty();
  }

  @Test
  void aToolThatPrintsWhatIsNotKnownIsOneFinding() {
    LocalChecks checks =
        node.checks(new Iproute2(List.of("echo"), List.of("echo"), Duration.ofSeconds(30)));
    assertThat(reasons(node.lookTwice(checks, BackendType.VXLAN))).containsExactly("ChecksFailed");
  }

  @Test
  void theReportHoldsNoMoreThanItsSchemaAllows() {
    node.run(VXLAN);
    LocalChecks checks = node.checks();
    List<FlannelNodeSpec.Peer> many =
        Stream.iterate(4, i -> i < 204, i -> i + 1)
            .map(
                i ->
                    new FlannelNodeSpec.Peer(
                        "n" + i,
                        "192.168.0.100",
                        null,
                        "10.244." + i + ".0/24",
                        "12:c6:65:89:b4:ff",
                        null))
            .toList();
    FlannelNodeSpec spec = withPeers(spec(BackendType.VXLAN, false), many);
    checks.look(spec);
    node.waits();
    assertThat(checks.look(spec).findings()).hasSize(64);
  }

  private static FlannelNodeSpec withPeers(FlannelNodeSpec spec, List<FlannelNodeSpec.Peer> peers) {
    return FlannelNodeSpecBuilder.like(spec).peers(peers).get();
  }
}
