package io.flannel.operator.agent.tasks.preflight;

import static io.flannel.operator.api.BackendType.IPIP;
import static io.flannel.operator.api.BackendType.VXLAN;
import static io.flannel.operator.api.BackendType.WIREGUARD;
import static io.flannel.operator.decide.preflight.PreflightResultBuilder.heard;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.flannel.operator.agent.tasks.preflight.ThreeNodes.Running;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.decide.preflight.PreflightResult;
import io.flannel.operator.testing.process.NetworkNamespace;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs the task on three nodes in network namespaces of this machine's kernel. Tests with the tag
 * {@code slow} run only on request: {@code -Dit.excluded= -Dit.test=PreflightTaskRunIT}.
 */
class PreflightTaskRunIT {
  /** Time limit in seconds, long enough for any machine: a task that loses nothing ends early. */
  private static final int LONG = 120;

  /** Time limit in seconds where packets are lost: the task then takes all of it. */
  private static final int SHORT = 6;

  private static final List<Integer> NOBODY = List.of();

  /** Positions in the list of a node's peers. */
  private static final List<Integer> FIRST = List.of(0);

  private static final List<Integer> SECOND = List.of(1);
  private static final List<Integer> BOTH = List.of(0, 1);

  private static final PreflightResult ALL_HEARD = lost(NOBODY, NOBODY);

  private ThreeNodes nodes;

  @BeforeEach
  void start() {
    assumeTrue(NetworkNamespace.canBeMade(), "needs root");
    nodes = new ThreeNodes();
  }

  @AfterEach
  void end() {
    if (nodes != null) {
      nodes.close();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = BackendType.class,
      names = {"IPIP", "VXLAN", "WIREGUARD"})
  void whereNothingIsInTheWayAllHearAll(BackendType backend) throws IOException {
    assertThat(nodes.results(backend, LONG)).containsOnly(ALL_HEARD);
  }

  @ParameterizedTest
  @CsvSource({"IPIP, -p 4", "VXLAN, -p udp --dport 8472", "WIREGUARD, -p udp --dport 51820"})
  void whoDoesNotHearSaysSo(BackendType backend, String packets) throws IOException {
    nodes.node(2).run("iptables -A INPUT %s -s %s -j DROP".formatted(packets, ThreeNodes.ipv4(1)));
    // The path to n3 and back carries less than the new devices will send.
    nodes.fabric().run("ip link set port3 mtu 1400");

    assertThat(nodes.results(backend, SHORT))
        .containsExactly(lost(NOBODY, SECOND), lost(FIRST, SECOND), lost(NOBODY, BOTH));
  }

  @Test
  void bothFamiliesAreTried() throws IOException {
    nodes.node(2).run("ip6tables -A INPUT -p udp -s %s -j DROP".formatted(ThreeNodes.ipv6(1)));

    // n2's peers are n1 by IPv4, n1 by IPv6, n3 by IPv4, n3 by IPv6.
    assertThat(
            nodes.results(number -> ThreeNodes.task(number, VXLAN, SHORT, ThreeNodes.DUAL_STACK)))
        .containsExactly(ALL_HEARD, lost(SECOND, NOBODY), ALL_HEARD);
  }

  @Tag("slow")
  @Test
  void wireguardsSecondPortIsTriedForIpv6() throws IOException {
    nodes.node(1).run("ip6tables -A OUTPUT -p udp --dport 51821");

    assertThat(
            nodes.results(
                number -> ThreeNodes.task(number, WIREGUARD, LONG, ThreeNodes.DUAL_STACK)))
        .containsOnly(ALL_HEARD);
    assertThat(packets(nodes.node(1), "ip6tables -L OUTPUT")).isPositive();
  }

  @Test
  void aDropByTheSendersOwnRulesIsQuoted() throws IOException {
    nodes.node(3).run("iptables -A OUTPUT -p 4 -j DROP");

    assertThat(nodes.results(IPIP, SHORT))
        .containsExactly(
            lost(SECOND, NOBODY),
            lost(SECOND, NOBODY),
            heard(0, 0).refused("sendto(192.168.0.1, 68 bytes): Operation not permitted").get());
  }

  @Tag("slow")
  @ParameterizedTest
  @CsvSource({"IPIP, 1380", "VXLAN, 1350", "WIREGUARD, 1340"})
  void fullSizeIsWhatThePinnedMtuMakesOnTheWire(BackendType backend, int mtu) throws IOException {
    // A bridge port allows four bytes more, for a VLAN tag: packets of 1400 bytes pass.
    nodes.fabric().run("ip link set port3 mtu 1396");

    assertThat(pinned(backend, mtu, LONG)).containsOnly(ALL_HEARD);
    assertThat(pinned(backend, mtu + 1, SHORT))
        .containsExactly(lost(NOBODY, SECOND), lost(NOBODY, SECOND), lost(NOBODY, BOTH));
  }

  private List<PreflightResult> pinned(BackendType backend, int mtu, int seconds)
      throws IOException {
    return nodes.results(
        number -> ThreeNodes.withMtu(ThreeNodes.task(number, backend, seconds), mtu));
  }

  @Tag("slow")
  @ParameterizedTest
  @CsvSource({
    "type vxlan id 1 dstport 8472 local 192.168.0.%d nolearning, false",
    "type vxlan external dstport 8472, true",
    "type ipip local 192.168.0.%d, true",
    "type ipip external, true"
  })
  void aLiveDeviceNeitherTakesTheBeaconsAwayNorMakesAnythingOfThem(String device, boolean takes)
      throws IOException {
    BackendType backend = device.contains("vxlan") ? VXLAN : IPIP;
    for (int number : List.of(1, 2, 3)) {
      assumeTrue(
          tries(nodes.node(number), "ip link add flannel.x " + device.formatted(number)),
          "needs ipip in the kernel");
      // The most permissive kernel: forwards, accepts any source, routes even 127.0.0.0/8.
      nodes
          .node(number)
          .run(
              """
              ip addr add 10.244.%d.0/32 dev flannel.x
              ip link set flannel.x up
              ip route add default dev eth0
              sysctl -qw net.ipv4.ip_forward=1
              sysctl -qw net.ipv4.conf.all.rp_filter=0
              sysctl -qw net.ipv4.conf.all.route_localnet=1
              sysctl -qw net.ipv4.conf.all.accept_local=1
              """
                  .formatted(number));
    }

    assertThat(nodes.results(backend, LONG)).containsOnly(ALL_HEARD);

    for (int number : List.of(1, 2, 3)) {
      NetworkNamespace node = nodes.node(number);
      String taken = node.output("cat /sys/class/net/flannel.x/statistics/rx_packets");
      assertThat(!taken.equals("0")).as("the device takes them").isEqualTo(takes);
      assertThat(counter(node, "Icmp", "OutMsgs")).isZero();
      assertThat(counter(node, "Ip", "ForwDatagrams")).isZero();
      assertThat(counter(node, "Ip", "InUnknownProtos")).isZero();
      assertThat(counter(node, "Ip", "InHdrErrors")).isZero();
    }
  }

  @Tag("slow")
  @Test
  void latePodIsStillHeardAndHears() throws IOException {
    nodes.node(2).run("iptables -A INPUT -p 4");
    Running first = nodes.begin(1, ThreeNodes.task(1, IPIP, LONG));
    Running second = nodes.begin(2, ThreeNodes.task(2, IPIP, LONG));
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> packets(nodes.node(2), "iptables -L INPUT") > 4L * PeerSession.FAREWELLS);

    Running third = nodes.begin(3, ThreeNodes.task(3, IPIP, LONG));

    assertThat(List.of(first.result(), second.result(), third.result())).containsOnly(ALL_HEARD);
  }

  @Tag("slow")
  @Test
  void theNumberOfPacketsIsBounded() throws IOException {
    nodes.node(1).run("iptables -A OUTPUT -p 4");

    assertThat(nodes.begin(1, ThreeNodes.task(1, IPIP, SHORT)).result())
        .isEqualTo(lost(BOTH, NOBODY));

    // 5 rounds per second to 2 peers; every fifth round adds a full-size packet.
    assertThat(packets(nodes.node(1), "iptables -L OUTPUT")).isEqualTo(2L * SHORT * (5 + 1));
  }

  @Tag("slow")
  @Test
  void podOfAnotherChangeIsNotHeard() throws IOException {
    Running stranger =
        nodes.begin(
            3, ThreeNodes.with(ThreeNodes.task(3, VXLAN, SHORT), false, "0000000000000001"));

    assertThat(nodes.begin(1, ThreeNodes.task(1, VXLAN, SHORT)).result())
        .isEqualTo(lost(BOTH, NOBODY));
    assertThat(stranger.result()).isEqualTo(lost(BOTH, NOBODY));
  }

  @Test
  void peersInTheSubnetAreLeftOutWithDirectRouting() throws IOException {
    nodes.node(1).run("iptables -A OUTPUT -p 4");

    assertThat(
            nodes
                .begin(1, ThreeNodes.with(ThreeNodes.task(1, IPIP, LONG), true, "00c0ffee00c0ffee"))
                .result())
        .isEqualTo(heard(0, 0).direct(BOTH).get());
    assertThat(packets(nodes.node(1), "iptables -L OUTPUT")).isZero();
  }

  @Tag("slow")
  @Test
  void nodeBehindANatIsKnownByTheAddressThatItsPeersReachItBy() throws IOException {
    // n1 has 192.168.0.11, but n2 and n3 reach it at 192.168.0.1.
    nodes
        .node(1)
        .run(
            """
            ip addr del 192.168.0.1/24 dev eth0
            ip addr add 192.168.0.11/24 dev eth0
            """);
    for (int number : List.of(2, 3)) {
      nodes
          .node(number)
          .run("iptables -t nat -A OUTPUT -d 192.168.0.1 -j DNAT --to-destination 192.168.0.11");
    }

    assertThat(nodes.results(VXLAN, LONG)).containsOnly(ALL_HEARD);
  }

  @Tag("slow")
  @Test
  void aPortThatIsTakenIsSaid() throws IOException {
    nodes.begin(1, ThreeNodes.task(1, WIREGUARD, LONG));
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> nodes.node(1).output("ss -ulnH").contains(":51820"));

    assertThat(nodes.begin(1, ThreeNodes.task(1, WIREGUARD, LONG)).result())
        .isEqualTo(
            PreflightResult.failed("UDP port 51820 is taken: look what listens there (ss -ulpn)"));
  }

  @Test
  void unreadableTaskIsAnErrorAndNoException() {
    assertThat(PreflightTaskRun.run("{}").message()).contains("\"error\"");
    assertThat(PreflightTaskRun.run("").message()).contains("\"error\"");
  }

  private static PreflightResult lost(List<Integer> silent, List<Integer> smallOnly) {
    return heard(0, 0).silent(silent).smallOnly(smallOnly).get();
  }

  /** Number of packets that matched a chain's only rule, which has no target. */
  private static long packets(NetworkNamespace node, String list) {
    String rule = node.output(list + " -vnx").lines().skip(2).findFirst().orElseThrow();
    return Long.parseLong(rule.strip().split(" +")[0]);
  }

  /** Reads a counter of /proc/net/snmp. */
  private static long counter(NetworkNamespace node, String protocol, String name) {
    List<String> lines =
        node.output("cat /proc/net/snmp")
            .lines()
            .filter(line -> line.startsWith(protocol + ":"))
            .toList();
    List<String> names = List.of(lines.get(0).split(" "));
    return Long.parseLong(lines.get(1).split(" ")[names.indexOf(name)]);
  }

  private static boolean tries(NetworkNamespace node, String command) {
    try {
      node.run(command);
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }
}
