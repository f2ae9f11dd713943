package io.flannel.operator.render;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.testing.process.NetworkNamespace;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the init container's own command on this machine's kernel. */
class RouteKeeperContainerTest {
  private static final String VXLAN_NODE =
      """
      ip link set lo up
      ip link add eth0 type veth peer name wire
      ip link set wire up
      ip link set eth0 up
      ip addr add 192.168.0.81/24 dev eth0
      ip -6 addr add fd00:1::81/64 dev eth0 nodad
      ip link add cni0 type bridge
      ip link set cni0 up
      ip addr add 10.244.1.1/24 dev cni0
      ip link add flannel.1 type vxlan id 1 dstport 8472
      ip link set flannel.1 up
      ip link add flannel-v6.1 type vxlan id 1 dstport 8472 local fd00:1::81
      ip link set flannel-v6.1 up
      ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink
      ip route add 10.244.3.0/24 via 192.168.0.83 dev eth0
      ip -6 route add fd00:10:244:2::/64 via fd00:10:244:2:: dev flannel-v6.1 onlink
      ip route add 10.244.77.0/24 via 192.168.0.77 dev eth0 proto static
      ip route add 10.9.0.0/16 via 192.168.0.9 dev eth0
      """;

  private static final String DUAL_STACK =
      """
      cidr: 10.244.0.0/16
      ipv6CIDR: fd00:10:244::/56
      backend: {type: %s}
      """;

  private static final Path IP =
      Stream.of("/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip")
          .map(Path::of)
          .filter(Files::isExecutable)
          .findFirst()
          .orElse(Path.of("ip"));

  @TempDir Path run;
  private NetworkNamespace node;

  @BeforeEach
  void makeNode() {
    assumeTrue(NetworkNamespace.canBeMade(), "needs root, and vxlan in the kernel");
    node = new NetworkNamespace();
    node.run(VXLAN_NODE);
  }

  @AfterEach
  void removeNode() {
    if (node != null) {
      node.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sh", "dash", "busybox sh"})
  void flannelsRoutesAreCopiedAndNobodyElses(String shell) throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin", shell.split(" ")[0])), "there is no " + shell);
    start(shell, "host-gw");
    assertThat(copies())
        .containsExactly(
            "10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink",
            "10.244.3.0/24 via 192.168.0.83 dev eth0",
            "fd00:10:244:2::/64 via fd00:10:244:2:: dev flannel-v6.1 onlink pref medium");
  }

  @Test
  void packetsKeepTheirWayWhileFlannelChangesTheRoute() throws Exception {
    start("sh", "host-gw");
    node.run("ip route del 10.244.2.0/24 via 10.244.2.0 dev flannel.1 metric 0");
    assertThat(node.output("ip route get 10.244.2.7")).contains("via 10.244.2.0 dev flannel.1");
    node.run("ip route add 10.244.2.0/24 via 192.168.0.82 dev eth0");
    assertThat(node.output("ip route get 10.244.2.7")).contains("via 192.168.0.82 dev eth0");
  }

  @Test
  void aRestartWithTheSameConfigurationCopiesNothing() throws Exception {
    start("sh", "host-gw");
    node.run(
        """
        ip route flush root 10.244.0.0/16 metric 4096
        ip -6 route flush root fd00:10:244::/56 metric 4096
        """);
    assertThat(start("sh", "host-gw")).contains("no route is copied");
    assertThat(copies()).isEmpty();
  }

  @Test
  void copyOnTheWayBackIsWhatFlannelHasNow() throws Exception {
    start("sh", "host-gw");
    node.run("ip route replace 10.244.2.0/24 via 192.168.0.82 dev eth0");
    start("sh", "vxlan");
    assertThat(copies()).contains("10.244.2.0/24 via 192.168.0.82 dev eth0");
  }

  @Test
  void nothingKeepsFlannelFromStarting() throws Exception {
    Files.createDirectory(run.resolve("net-conf-hash"));
    assertThat(start("sh", "host-gw")).contains("net-conf-hash cannot be written");
    assertThat(copies()).hasSize(3);
  }

  @Test
  void aNodeWithoutFlannelHasNothingToCopy() throws Exception {
    try (var empty = new NetworkNamespace()) {
      assertThat(start(empty, "sh", "host-gw")).isEmpty();
      assertThat(run.resolve("net-conf-hash")).content().hasLineCount(1);
    }
  }

  /** If the kernel has no ipip, only the lab shows that the device is created. */
  @Test
  void ipipDeviceIsThereBeforeFlanneldUnlessTheKernelHasNone() throws Exception {
    start("sh", "host-gw");
    String said = start("sh", "ipip");
    String device = node.output("ip -d link show type ipip");
    if (said.contains("Unknown device type")) {
      assertThat(device).isEmpty();
    } else {
      assertThat(device).contains("flannel.ipip", "ipip remote any local 192.168.0.81", "UP");
      start("sh", "host-gw");
      assertThat(start("sh", "ipip")).doesNotContain("made flannel.ipip");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sh", "dash"})
  void towardVxlanItsDeviceIsThereBeforeFlanneld(String shell) throws Exception {
    start(shell, "host-gw");
    node.run("ip link del flannel.1");
    assertThat(start(shell, "vxlan")).contains("made flannel.1");
    assertThat(node.output("ip -d link show flannel.1"))
        .contains("UP", "mtu 1450", "link/ether 02:")
        .contains("vxlan id 1 local 192.168.0.81 dev eth0", "dstport 8472 nolearning");
    assertThat(start(shell, "host-gw") + start(shell, "vxlan")).doesNotContain("made flannel.1");
  }

  @Test
  void theDeviceIsAsTheNetworkSays() throws Exception {
    start("sh", "host-gw");
    start("sh", "vxlan, vxlan: {vni: 7, port: 4789, gbp: true}}\nmtu: 1300 #");
    assertThat(node.output("ip -d link show flannel.7"))
        .contains("mtu 1300", "vxlan id 7 local", "dstport 4789 nolearning", "gbp");
  }

  @Test
  void ipv6PartIsThereForVxlanOverIpv6Alone() {
    assertThat(environment("{ipv6CIDR: 'fd00:10:244::/56', backend: {type: vxlan}}"))
        .containsExactly("NET_CONF_HASH", "NETWORKS", "TUNNEL_TYPE", "HOST_IP", "TUNNEL6");
    assertThat(environment("{ipv6CIDR: 'fd00:10:244::/56', backend: {type: host-gw}}"))
        .containsExactly("NET_CONF_HASH", "NETWORKS");
    assertThat(environment("{ipv6CIDR: 'fd00:10:244::/56', backend: {type: wireguard}}"))
        .containsExactly("NET_CONF_HASH", "NETWORKS");
    String vxlan = "{cidr: 10.244.0.0/16, backend: {type: vxlan}}";
    assertThat(environment(vxlan))
        .containsExactly("NET_CONF_HASH", "NETWORKS", "TUNNEL", "TUNNEL_TYPE", "HOST_IP");
    assertThat(keepRoutes(Networks.wanted(vxlan)).getArgs().getFirst()).doesNotContain("TUNNEL6");
  }

  /** The kernel refuses a route via an address to which another device has a route. */
  @ParameterizedTest
  @ValueSource(strings = {"sh", "dash", "busybox sh"})
  void ipv6RoutesOfVxlanAreAcceptedByTheKernel(String shell) throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin", shell.split(" ")[0])), "there is no " + shell);
    start(shell, "host-gw");
    node.run("ip -6 route replace fd00:10:244:2::/64 via fd00:1::82 dev eth0");
    node.run("ip link del flannel-v6.1");
    assertThat(start(shell, "vxlan")).contains("made flannel-v6.1", "made way for flannel-v6.1");
    assertThat(node.output("ip -d link show flannel-v6.1"))
        .contains("UP", "mtu 1430", "vxlan id 1 local fd00:1::81 dev eth0", "nolearning");
    // What flanneld does, with an answer other than "Invalid argument".
    node.run(
        "ip -6 route replace fd00:10:244:2::/64 via fd00:10:244:2:: dev flannel-v6.1 metric 1024"
            + " onlink");
    assertThat(node.output("ip -6 route get fd00:10:244:2::7")).contains("dev flannel-v6.1");
    assertThat(copies())
        .contains("fd00:10:244:2:: dev flannel-v6.1 pref medium")
        .contains("fd00:10:244:2::/64 via fd00:1::82 dev eth0 pref medium");
  }

  @Test
  void deviceIsNotMadeWhereFlannelHasNotRunSinceTheBoot() throws Exception {
    node.run("ip link del flannel.1");
    assertThat(start("sh", "vxlan")).doesNotContain("made flannel.1");
    assertThat(node.output("ip link")).doesNotContain("flannel.1:");
  }

  private String start(String shell, String backend) throws Exception {
    return start(node, shell, backend);
  }

  /**
   * Runs the container as the kubelet would, except for the marker's directory; it must succeed.
   */
  private String start(NetworkNamespace namespace, String shell, String backend) throws Exception {
    String spec =
        backend.equals("ipip")
            ? "{cidr: 10.244.0.0/16, backend: {type: ipip}}"
            : DUAL_STACK.formatted(backend);
    Container container = keepRoutes(Networks.wanted(spec));
    assertThat(container.getCommand().getFirst()).isEqualTo("/bin/sh");
    List<String> words = new ArrayList<>(namespace.asRoot());
    words.addAll(List.of(shell.split(" ")));
    words.addAll(container.getCommand().subList(1, container.getCommand().size()));
    words.add(
        container
            .getArgs()
            .getFirst()
            .replace("/run/flannel", run.toString())
            // Debian's busybox would use its built-in ip, which is not iproute2.
            .replaceAll("(^|[( ])ip (\\$family|-6|-o|link)", "$1" + IP + " $2"));
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    for (EnvVar variable : container.getEnv()) {
      boolean hostIp = variable.getValueFrom() != null;
      builder.environment().put(variable.getName(), hostIp ? "192.168.0.81" : variable.getValue());
    }
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static List<String> environment(String spec) {
    return keepRoutes(Networks.wanted(spec)).getEnv().stream().map(EnvVar::getName).toList();
  }

  private static Container keepRoutes(DesiredNetwork network) {
    DaemonSet daemonSet = (DaemonSet) Flannel.render(network).getLast();
    return daemonSet.getSpec().getTemplate().getSpec().getInitContainers().getLast();
  }

  private List<String> copies() {
    return (node.output("ip -4 route show") + "\n" + node.output("ip -6 route show"))
        .lines()
        .filter(line -> line.contains(" metric 4096"))
        .map(line -> line.replace(" metric 4096", "").strip())
        .toList();
  }
}
