package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.Finding;
import io.flannel.operator.testing.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A node made by hand on this machine's own kernel, as flannel's vxlan would make it, read by the
 * real ip and bridge as nobody and without any capability.
 */
class LocalChecksTest {
  private static final String FLANNEL_DEVICE =
      """
      ip link add flannel.1 type vxlan id 1 local 192.168.0.81 dev eth0 dstport 8472 nolearning
      ip link set flannel.1 mtu 1450 up
      ip addr add 10.244.1.0/32 dev flannel.1
      """;

  private static final String PEERS =
      """
      ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink
      ip neigh add 10.244.2.0 lladdr 12:c6:65:89:b4:00 dev flannel.1 nud permanent
      bridge fdb add 12:c6:65:89:b4:00 dev flannel.1 dst 192.168.0.100 self permanent
      ip route add 10.244.3.0/24 via 10.244.3.0 dev flannel.1 onlink
      ip neigh add 10.244.3.0 lladdr 12:c6:65:89:b4:01 dev flannel.1 nud permanent
      bridge fdb add 12:c6:65:89:b4:01 dev flannel.1 dst 192.168.0.101 self permanent
      """;

  private static final String VXLAN =
      """
      ip link set lo up
      ip link add eth0 type veth peer name wire
      ip link set wire up
      ip link set eth0 up
      ip addr add 192.168.0.81/24 dev eth0
      ip route add default via 192.168.0.1
      ip link add cni0 type bridge
      ip link add pod0 type veth peer name pod0-eth0
      ip link set pod0 mtu 1450 master cni0 up
      ip link set pod0-eth0 up
      ip link set cni0 up
      ip addr add 10.244.1.1/24 dev cni0
      """
          + FLANNEL_DEVICE
          + PEERS;

  private static final long PATIENCE = LocalChecks.PATIENCE.toNanos();

  @TempDir Path files;
  private final List<LocalChecks> looking = new ArrayList<>();
  private NetworkNamespace namespace;
  private long nanos;

  @BeforeEach
  void makeNode() throws IOException {
    assumeTrue(NetworkNamespace.canBeMade(), "needs root, and vxlan in the kernel");
    namespace = new NetworkNamespace();
    write(
        "subnet.env",
        "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\n");
    write("10-flannel.conflist", "{}");
    write("proc/sys/net/ipv4/ip_forward", "1\n");
  }

  @AfterEach
  void removeNode() {
    looking.forEach(LocalChecks::close);
    if (namespace != null) {
      namespace.close();
    }
  }

  @Test
  void aVxlanNodeAsFlannelMakesIt() {
    namespace.run(VXLAN);
    LocalState state = lookTwice(checks(), BackendType.VXLAN);
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
  void withoutARouteOfItsOwnAPeerIsOnTheWayOfAWiderOne() {
    namespace.run(VXLAN + "ip route del 10.244.2.0/24");
    LocalState state = lookTwice(checks(), BackendType.VXLAN);
    assertThat(state.way().routes())
        .containsEntry("n2", new FlannelNodeStatus.Route("0.0.0.0/0", "192.168.0.1", "eth0", null));
  }

  @Test
  void aVxlanNodeWithDirectRouting() {
    namespace.run(
        VXLAN
            + """
            ip route replace 10.244.2.0/24 via 192.168.0.100
            ip neigh del 10.244.2.0 dev flannel.1
            bridge fdb del 12:c6:65:89:b4:00 dev flannel.1 dst 192.168.0.100
            ip route replace 10.244.3.0/24 via 192.168.0.101
            """);
    FlannelNodeSpec direct = spec(BackendType.VXLAN, true);
    LocalChecks checks = checks();
    checks.look(direct);
    nanos += PATIENCE;
    assertThat(checks.look(direct).findings()).isEmpty();
  }

  @Test
  void aHostGwNode() throws IOException {
    namespace.run(
        """
        ip link add eth0 type veth peer name wire
        ip link set wire up
        ip link set eth0 up
        ip addr add 192.168.0.81/24 dev eth0
        ip route add 10.244.2.0/24 via 192.168.0.100 dev eth0
        ip route add 10.244.3.0/24 via 192.168.0.101 dev eth0
        """);
    write(
        "subnet.env",
        "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1500\n");
    LocalChecks checks = checks();
    LocalState state = lookTwice(checks, BackendType.HOST_GW);
    assertThat(state.findings()).isEmpty();
    assertThat(state.device()).isEmpty();
    assertThat(state.bridgeAddress()).isEmpty();

    namespace.run("ip route del 10.244.3.0/24");
    nanos += PATIENCE;
    assertThat(lookTwice(checks, BackendType.HOST_GW).findings())
        .extracting(Finding::reason, Finding::peer)
        .containsExactly(tuple("RouteMissing", "n3"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void aFaultIsFoundAndGoesWhenHealed(String fault, String heal, String reason, String peer) {
    namespace.run(VXLAN);
    LocalChecks checks = checks();
    lookTwice(checks, BackendType.VXLAN);

    namespace.run(fault);
    nanos += PATIENCE;
    assertThat(checks.look(spec(BackendType.VXLAN, false)).findings()).isEmpty();
    nanos += PATIENCE;
    assertThat(checks.look(spec(BackendType.VXLAN, false)).findings())
        .extracting(Finding::reason, Finding::peer)
        .containsExactly(tuple(reason, peer));

    namespace.run(heal);
    nanos += PATIENCE;
    assertThat(lookTwice(checks, BackendType.VXLAN).findings()).isEmpty();
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
    namespace.run(VXLAN + "ip link del flannel.1\n" + "ip link add flannel.1 type bridge");
    assertThat(reasons(lookTwice(checks(), BackendType.VXLAN))).containsExactly("DeviceKindWrong");

    namespace.run(
        """
        ip link del flannel.1
        ip link add flannel.1 type vxlan id 2 local 192.168.0.99 dstport 4789 nolearning
        ip link set flannel.1 mtu 1450 up
        ip addr add 10.244.1.0/32 dev flannel.1
        """);
    assertThat(reasons(lookTwice(checks(), BackendType.VXLAN)))
        .startsWith("DeviceEndpointWrong", "DeviceVNIWrong", "DevicePortWrong", "RouteMissing");
  }

  /** iproute2 keeps names and numbers of devices: it must not tell those of yesterday. */
  @Test
  void aDeviceThatIsMadeAnewIsSeenAsItIsAndSoIsANewName() {
    namespace.run(VXLAN);
    LocalChecks checks = checks();
    assertThat(lookTwice(checks, BackendType.VXLAN).findings()).isEmpty();

    namespace.run("ip link del flannel.1");
    namespace.run(FLANNEL_DEVICE + PEERS);
    nanos += PATIENCE;
    assertThat(lookTwice(checks, BackendType.VXLAN).findings()).isEmpty();
    namespace.run("bridge fdb del 12:c6:65:89:b4:01 dev flannel.1");
    nanos += PATIENCE;
    assertThat(reasons(lookTwice(checks, BackendType.VXLAN))).containsExactly("FDBMissing");

    namespace.run(
        """
        bridge fdb add 12:c6:65:89:b4:01 dev flannel.1 dst 192.168.0.101 self permanent
        ip route replace 10.244.3.0/24 via 192.168.0.101 dev eth0
        ip link set eth0 down
        ip link set eth0 name nic0
        ip link set nic0 up
        ip route add default via 192.168.0.1
        ip route add 10.244.3.0/24 via 192.168.0.101 dev nic0
        """);
    nanos += PATIENCE;
    assertThat(lookTwice(checks, BackendType.VXLAN).findings())
        .singleElement()
        .satisfies(finding -> assertThat(finding.message()).contains("dev nic0"));
  }

  @Test
  void filesThatAreMissingAndForwardingThatIsOff() throws IOException {
    namespace.run(VXLAN);
    Files.delete(files.resolve("subnet.env"));
    Files.delete(files.resolve("10-flannel.conflist"));
    write("proc/sys/net/ipv4/ip_forward", "0\n");
    assertThat(reasons(lookTwice(checks(), BackendType.VXLAN)))
        .containsExactly("SubnetEnvMissing", "CNIConfigMissing", "IPForwardingOff");
  }

  @Test
  void aToolThatIsNotThereIsOneFindingAndTheDeviceStaysAsItWas() {
    namespace.run(VXLAN);
    LocalChecks checks =
        checks(
            new Iproute2(List.of("no-such-ip"), List.of("no-such-bridge"), Duration.ofSeconds(30)));
    LocalState state = lookTwice(checks, BackendType.VXLAN);
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
        checks(new Iproute2(List.of("echo"), List.of("echo"), Duration.ofSeconds(30)));
    assertThat(reasons(lookTwice(checks, BackendType.VXLAN))).containsExactly("ChecksFailed");
  }

  @Test
  void theReportHoldsNoMoreThanItsSchemaAllows() {
    namespace.run(VXLAN);
    LocalChecks checks = checks();
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
    nanos += PATIENCE;
    assertThat(checks.look(spec).findings()).hasSize(64);
  }

  private static List<String> reasons(LocalState state) {
    return state.findings().stream().map(Finding::reason).toList();
  }

  private LocalState lookTwice(LocalChecks checks, BackendType backend) {
    checks.look(spec(backend, false));
    nanos += PATIENCE;
    return checks.look(spec(backend, false));
  }

  private static FlannelNodeSpec spec(BackendType backend, boolean directRouting) {
    return new SimulatedNode(
            new SimulatedNode.Shape(
                backend,
                directRouting,
                false,
                Optional.empty(),
                1500,
                List.of(true, true),
                true,
                true))
        .spec();
  }

  private static FlannelNodeSpec withPeers(FlannelNodeSpec spec, List<FlannelNodeSpec.Peer> peers) {
    return new FlannelNodeSpec(
        spec.network(),
        spec.backend(),
        spec.device(),
        spec.directRouting(),
        spec.vxlan(),
        spec.mtu(),
        spec.cidr(),
        spec.ipv6CIDR(),
        spec.subnet(),
        spec.ipv6Subnet(),
        spec.publicIP(),
        spec.probe(),
        peers,
        spec.allPeers());
  }

  private LocalChecks checks() {
    return checks(
        new Iproute2(
            Stream.concat(namespace.asNobody().stream(), Stream.of("ip")).toList(),
            Stream.concat(namespace.asNobody().stream(), Stream.of("bridge")).toList(),
            Duration.ofSeconds(30)));
  }

  private LocalChecks checks(Iproute2 iproute2) {
    var checks =
        new LocalChecks(new KernelReader(iproute2, hostFiles()), LocalChecks.PATIENCE, () -> nanos);
    looking.add(checks);
    return checks;
  }

  private HostFiles hostFiles() {
    return new HostFiles(files.resolve("proc"), namespace.devices(), files, files);
  }

  private void write(String path, String text) throws IOException {
    Path file = files.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
