package io.flannel.operator.agent.checks;

import static io.flannel.operator.agent.checks.HandMadeNode.FLANNEL_DEVICE;
import static io.flannel.operator.agent.checks.HandMadeNode.PEERS;
import static io.flannel.operator.agent.checks.HandMadeNode.VXLAN;
import static io.flannel.operator.agent.checks.HandMadeNode.reasons;
import static io.flannel.operator.agent.checks.HandMadeNode.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNodeStatus.Finding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Faults that the kernel and the files of a {@link HandMadeNode} show. */
class LocalFaultsTest {
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

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void aFaultIsFoundAndGoesWhenHealed(String fault, String heal, String reason, String peer) {
    node.run(VXLAN);
    LocalChecks checks = node.checks();
    node.lookTwice(checks, BackendType.VXLAN);

    node.run(fault);
    node.waits();
    assertThat(checks.look(spec(BackendType.VXLAN, false)).findings()).isEmpty();
    node.waits();
    assertThat(checks.look(spec(BackendType.VXLAN, false)).findings())
        .extracting(Finding::reason, Finding::peer)
        .containsExactly(tuple(reason, peer));

    node.run(heal);
    node.waits();
    assertThat(node.lookTwice(checks, BackendType.VXLAN).findings()).isEmpty();
  }

  static Stream<Arguments> aFaultIsFoundAndGoesWhenHealed() {
    return Stream.of(
        Arguments.of("ip link del flannel.1", FLANNEL_DEVICE + PEERS, "DeviceMissing", null),
        Arguments.of(
            "ip link set flannel.1 down",
            "ip link set flannel.1 up\n" + PEERS.replace(" add ", " replace "),
            "DeviceDown",
            null),
        Arguments.of(
            "ip link set flannel.1 mtu 1280",
            "ip link set flannel.1 mtu 1450",
            "DeviceMTUWrong",
            null),
        Arguments.of(
            "ip addr del 10.244.1.0/32 dev flannel.1",
            "ip addr add 10.244.1.0/32 dev flannel.1\n" + PEERS.replace(" add ", " replace "),
            "DeviceAddressMissing",
            null),
        Arguments.of(
            "ip route del 10.244.2.0/24",
            "ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink",
            "RouteMissing",
            "n2"),
        Arguments.of(
            "ip route replace 10.244.3.0/24 via 192.168.0.250 dev flannel.1 onlink",
            "ip route replace 10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink",
            "RouteWrong",
            "n3"),
        Arguments.of(
            "ip route add 10.244.250.0/24 via 192.168.0.250 dev flannel.1 onlink",
            "ip route del 10.244.250.0/24",
            "RouteStale",
            null),
        Arguments.of(
            "ip neigh del 10.244.2.0 dev flannel.1",
            "ip neigh replace 10.244.2.0 lladdr 12:c6:65:89:b4:00 dev flannel.1 nud permanent",
            "NeighbourMissing",
            "n2"),
        Arguments.of(
            "ip neigh replace 10.244.2.0 lladdr 02:00:00:00:00:99 dev flannel.1 nud permanent",
            "ip neigh replace 10.244.2.0 lladdr 12:c6:65:89:b4:00 dev flannel.1 nud permanent",
            "NeighbourWrong",
            "n2"),
        Arguments.of(
            "bridge fdb del 12:c6:65:89:b4:01 dev flannel.1",
            "bridge fdb replace 12:c6:65:89:b4:01 dev flannel.1 dst 192.168.0.101 self permanent",
            "FDBMissing",
            "n3"),
        Arguments.of(
            "bridge fdb replace 12:c6:65:89:b4:01 dev flannel.1 dst 192.168.0.250 self permanent",
            "bridge fdb replace 12:c6:65:89:b4:01 dev flannel.1 dst 192.168.0.101 self permanent",
            "FDBWrong",
            "n3"),
        Arguments.of(
            "ip addr add 10.244.99.1/24 dev cni0\nip addr del 10.244.1.1/24 dev cni0",
            "ip addr add 10.244.1.1/24 dev cni0\nip addr del 10.244.99.1/24 dev cni0",
            "BridgeAddressWrong",
            null),
        Arguments.of(
            "ip link set pod0 mtu 1500", "ip link set pod0 mtu 1450", "BridgeMTUWrong", null));
  }

  @Test
  void aDeviceOfAnotherKindVniPortAndLocalAddress() {
    node.run(VXLAN + "ip link del flannel.1\n" + "ip link add flannel.1 type bridge");
    assertThat(reasons(node.lookTwice(node.checks(), BackendType.VXLAN)))
        .containsExactly("DeviceKindWrong");

    node.run(
        """
        ip link del flannel.1
        ip link add flannel.1 type vxlan id 2 local 192.168.0.99 dstport 4789 nolearning
        ip link set flannel.1 mtu 1450 up
        ip addr add 10.244.1.0/32 dev flannel.1
        """);
    assertThat(reasons(node.lookTwice(node.checks(), BackendType.VXLAN)))
        .startsWith("DeviceEndpointWrong", "DeviceVNIWrong", "DevicePortWrong", "RouteMissing");
  }

  /** iproute2 caches the names and indexes of devices. It must not report stale ones. */
  @Test
  void aDeviceThatIsMadeAnewIsSeenAsItIsAndSoIsANewName() {
    node.run(VXLAN);
    LocalChecks checks = node.checks();
    assertThat(node.lookTwice(checks, BackendType.VXLAN).findings()).isEmpty();

    node.run("ip link del flannel.1");
    node.run(FLANNEL_DEVICE + PEERS);
    node.waits();
    assertThat(node.lookTwice(checks, BackendType.VXLAN).findings()).isEmpty();
    node.run("bridge fdb del 12:c6:65:89:b4:01 dev flannel.1");
    node.waits();
    assertThat(reasons(node.lookTwice(checks, BackendType.VXLAN))).containsExactly("FDBMissing");

    node.run(
        """
        bridge fdb add 12:c6:65:89:b4:01 dev flannel.1 dst 192.168.0.101 self permanent
        ip route replace 10.244.3.0/24 via 192.168.0.101 dev eth0
        ip link set eth0 down
        ip link set eth0 name nic0
        ip link set nic0 up
        ip route add default via 192.168.0.1
        ip route add 10.244.3.0/24 via 192.168.0.101 dev nic0
        """);
    node.waits();
    assertThat(node.lookTwice(checks, BackendType.VXLAN).findings())
        .singleElement()
        .satisfies(finding -> assertThat(finding.message()).contains("dev nic0"));
  }

  @Test
  void filesThatAreMissingAndForwardingThatIsOff() throws IOException {
    node.run(VXLAN);
    Files.delete(files.resolve("subnet.env"));
    Files.delete(files.resolve("10-flannel.conflist"));
    node.write("proc/sys/net/ipv4/ip_forward", "0\n");
    assertThat(reasons(node.lookTwice(node.checks(), BackendType.VXLAN)))
        .containsExactly("SubnetEnvMissing", "CNIConfigMissing", "IPForwardingOff");
  }
}
