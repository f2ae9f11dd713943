package io.flannel.operator.render.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.VolumeMount;
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

/** Runs the container's own command on this machine's kernel. */
class CleanupContainerTest {
  private static final DesiredNetwork NETWORK =
      Networks.dualStack("10.244.0.0/16", "fd00:10:244::/56");

  private static final String RANGES = "10.244.0.0/16 fd00:10:244::/56";

  private static final String OTHERS =
      """
      ip link set lo up
      ip link add eth0 type veth peer name wire
      ip link set wire up
      ip link set eth0 up
      ip addr add 192.168.0.81/24 dev eth0
      ip -6 addr add fd00:1::81/64 dev eth0 nodad
      ip link add vxlan.office type vxlan id 9 local 192.168.0.81 dev eth0 dstport 4789
      ip route add default via 192.168.0.1
      ip route add 10.9.0.0/16 via 192.168.0.9 dev eth0
      ip route add 10.244.77.0/24 via 192.168.0.77 dev eth0 proto static
      """;

  private static final String FLANNELS =
      """
      ip link add flannel.1 type vxlan id 1 dstport 8472
      ip link set flannel.1 up
      ip link add flannel-v6.1 type vxlan id 1 dstport 8472 local fd00:1::81
      ip link set flannel-v6.1 up
      ip link add cni0 type bridge
      ip link set cni0 up
      ip addr add 10.244.1.1/24 dev cni0
      ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink
      ip route add 10.244.2.0/24 via 192.168.0.82 dev eth0 metric 4096
      ip route add 10.244.3.0/24 via 192.168.0.83 dev eth0
      ip -6 route add fd00:10:244:2::/64 via fd00:10:244:2:: dev flannel-v6.1 onlink
      """;

  @TempDir Path files;
  private NetworkNamespace node;

  @BeforeEach
  void makeNode() {
    assumeTrue(NetworkNamespace.canBeMade(), "needs root, and vxlan in the kernel");
    node = new NetworkNamespace();
    node.run(OTHERS);
  }

  @AfterEach
  void removeNode() {
    if (node != null) {
      node.close();
    }
  }

  @Test
  void theNodeIsWhatItWasBeforeFlannel() throws Exception {
    List<String> before = state();
    node.run(FLANNELS);
    for (String file : List.of("subnet.env", "net-conf-hash", "10-flannel.conflist", "other")) {
      Files.writeString(files.resolve(file), "");
    }

    assertThat(clean()).isZero();

    assertThat(state()).isEqualTo(before);
    assertThat(result()).isEqualTo("{\"done\": true, \"said\": \"nothing of flannel is left\"}\n");
    try (Stream<Path> left = Files.list(files)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("other", "result");
    }
    assertThat(clean()).as("once more").isZero();
  }

  /** Without a bridge, as with Canal, flanneld's --ip-blackhole-route adds this route. */
  @Test
  void theBlackholeOfTheNodesOwnPodsGoesAndOthersStay() throws Exception {
    node.run(
        """
        ip route add blackhole 10.244.0.0/16
        ip route add blackhole 10.244.9.0/24 proto 80
        """);
    List<String> before = state();
    node.run(
        """
        ip route add blackhole 10.244.1.0/24
        ip -6 route add blackhole fd00:10:244:1::/64
        """);
    Files.writeString(
        files.resolve("subnet.env"),
        "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\n"
            + "FLANNEL_IPV6_SUBNET=fd00:10:244:1::1/64\nFLANNEL_MTU=1480\n");

    assertThat(clean()).isZero();

    assertThat(state()).isEqualTo(before);
  }

  @Test
  void aBridgeWithPodsStays() throws Exception {
    node.run(
        FLANNELS
            + """
            ip link add pod0 type veth peer name pod0-eth0
            ip link set pod0 master cni0 up
            """);
    assertThat(clean()).isZero();
    assertThat(node.output("ip -br link show")).contains("cni0").doesNotContain("flannel");
  }

  @Test
  void flannelsRulesGoAndOthersStay() throws Exception {
    assumeTrue(rules("-t nat -N FLANNEL-POSTRTG"), "needs iptables, and its kernel's part");
    for (String rule :
        List.of(
            "-t nat -A FLANNEL-POSTRTG -s 10.244.0.0/16 -j RETURN",
            "-t nat -A POSTROUTING -m comment --comment flanneld_masq -j FLANNEL-POSTRTG",
            "-N FLANNEL-FWD",
            "-A FLANNEL-FWD -s 10.244.0.0/16 -j ACCEPT",
            "-A FORWARD -m comment --comment flanneld_forward -j FLANNEL-FWD",
            "-A FORWARD -s 172.16.0.0/12 -j ACCEPT")) {
      assertThat(rules(rule)).as(rule).isTrue();
    }
    assertThat(clean()).as(result()).isZero();
    assertThat(node.output("iptables -w -t nat -S")).doesNotContain("FLANNEL");
    assertThat(node.output("iptables -w -S")).doesNotContain("FLANNEL").contains("172.16.0.0/12");
  }

  @Test
  void whatStaysIsSaid() throws Exception {
    node.run(FLANNELS);
    assertThat(run(node.asNobody())).isEqualTo(1);
    assertThat(result())
        .startsWith("{\"done\": false, \"said\": \"still there are -4 10.244.2.0/24");
  }

  @Test
  void everyMountHasItsVolume() {
    assertThat(CleanupContainer.volumes(NETWORK))
        .extracting(volume -> volume.getName())
        .containsExactlyElementsOf(
            CleanupContainer.container(NETWORK, RANGES).getVolumeMounts().stream()
                .map(VolumeMount::getName)
                .toList());
  }

  private List<String> state() {
    return Stream.of("ip -br link show", "ip -4 route show", "ip -6 route show")
        .flatMap(command -> node.output(command).lines())
        // The kernel adds these by itself, possibly later.
        .filter(line -> !line.contains("fe80::") && !line.contains("multicast"))
        .map(line -> line.replaceAll("([0-9a-f]{2}:){5}[0-9a-f]{2}", "MAC").strip())
        .toList();
  }

  /**
   * Runs an iptables command. An underscore after flanneld stands for a blank in a comment, where
   * the command would be split.
   */
  private boolean rules(String rule) throws Exception {
    List<String> words = new ArrayList<>(node.asRoot());
    words.addAll(List.of("iptables", "-w"));
    Stream.of(rule.split(" "))
        .map(word -> word.replace("flanneld_", "flanneld "))
        .forEach(words::add);
    return new ProcessBuilder(words).redirectErrorStream(true).start().waitFor() == 0;
  }

  private int clean() throws Exception {
    return run(node.asRoot());
  }

  private int run(List<String> prefix) throws Exception {
    Container container = CleanupContainer.container(NETWORK, RANGES);
    Files.writeString(files.resolve("result"), "");
    files.resolve("result").toFile().setWritable(true, false);
    files.toFile().setExecutable(true, false);
    List<String> words = new ArrayList<>(prefix);
    words.addAll(container.getCommand());
    words.add(
        container
            .getArgs()
            .getFirst()
            .replace("/run/flannel", files.toString())
            .replace("/host/cni", files.toString())
            .replace("/dev/termination-log", files.resolve("result").toString()));
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    for (EnvVar variable : container.getEnv()) {
      builder.environment().put(variable.getName(), variable.getValue());
    }
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(output).doesNotContain("not found", "syntax error", "parameter not set");
    return process.waitFor();
  }

  private String result() throws Exception {
    return Files.readString(files.resolve("result"));
  }
}
