package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.flannel.Cidr;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Plans for a node with range 10.244.1.0/24 whose peers have 10.244.2.0/24 and 10.244.3.0/24. */
class LeftOversTest {
  private static final Link VXLAN = SimulatedNode.device("flannel.1", "vxlan");
  private static final Link VXLAN_V6 = SimulatedNode.device("flannel-v6.1", "vxlan");
  private static final Link IPIP = SimulatedNode.device("flannel.ipip", "ipip");
  private static final Link WIREGUARD = SimulatedNode.device("flannel-wg", "wireguard");
  private static final Link NIC = SimulatedNode.device("eth0", "veth");
  private static final Link BRIDGE = SimulatedNode.device("cni0", "bridge");

  private static final List<String> NODE =
      List.of(
          "0.0.0.0/0 192.168.0.1 eth0",
          "192.168.0.0/24 - eth0 0 kernel",
          "10.244.1.0/24 - cni0 0 kernel");

  @Test
  void vxlanToIpip() {
    assertThat(
            plan(
                wanted("flannel.ipip"),
                List.of(NIC, BRIDGE, VXLAN, IPIP),
                "10.244.2.0/24 192.168.0.82 flannel.ipip",
                "10.244.2.0/24 10.244.2.0 flannel.1 4096",
                "10.244.3.0/24 192.168.0.83 flannel.ipip",
                "10.244.3.0/24 10.244.3.0 flannel.1 4096"))
        .containsExactly(
            "ip -4 route del 10.244.2.0/24 via 10.244.2.0 dev flannel.1 metric 4096",
            "ip -4 route del 10.244.3.0/24 via 10.244.3.0 dev flannel.1 metric 4096",
            "ip link del flannel.1");
  }

  @Test
  void ipipToHostGwWithANodeThatWentMeanwhile() {
    assertThat(
            plan(
                wanted(),
                List.of(NIC, BRIDGE, IPIP),
                "10.244.2.0/24 192.168.0.82 eth0",
                "10.244.3.0/24 192.168.0.83 eth0",
                "10.244.9.0/24 192.168.0.89 flannel.ipip",
                "10.244.9.0/24 192.168.0.89 flannel.ipip 4096"))
        .containsExactly(
            "ip -4 route del 10.244.9.0/24 via 192.168.0.89 dev flannel.ipip",
            "ip -4 route del 10.244.9.0/24 via 192.168.0.89 dev flannel.ipip metric 4096",
            "ip link del flannel.ipip");
  }

  @Test
  void directRoutingSwitchedOn() {
    assertThat(
            plan(
                wanted("flannel.ipip"),
                List.of(NIC, BRIDGE, IPIP),
                "10.244.2.0/24 192.168.0.82 eth0",
                "10.244.2.0/24 192.168.0.82 flannel.ipip 4096",
                "10.244.3.0/24 192.168.7.83 flannel.ipip",
                "10.244.3.0/24 192.168.7.83 flannel.ipip 4096"))
        .containsExactly(
            "ip -4 route del 10.244.2.0/24 via 192.168.0.82 dev flannel.ipip metric 4096",
            "ip -4 route del 10.244.3.0/24 via 192.168.7.83 dev flannel.ipip metric 4096");
  }

  @Test
  void anotherVniOfVxlan() {
    assertThat(
            plan(
                wanted("flannel.7"),
                List.of(NIC, VXLAN, SimulatedNode.device("flannel.7", "vxlan")),
                "10.244.2.0/24 10.244.2.0 flannel.7",
                "10.244.3.0/24 10.244.3.0 flannel.7"))
        .containsExactly("ip link del flannel.1");
  }

  @Test
  void narrowerRoutesGoOnTheWayToWireguard() {
    assertThat(
            plan(
                wireguard(),
                List.of(NIC, VXLAN, WIREGUARD),
                "10.244.0.0/16 - flannel-wg",
                "10.244.2.0/24 10.244.2.0 flannel.1",
                "10.244.2.0/24 10.244.2.0 flannel.1 4096",
                "10.244.3.0/24 192.168.0.83 eth0"))
        .containsExactly(
            "ip -4 route del 10.244.2.0/24 via 10.244.2.0 dev flannel.1",
            "ip -4 route del 10.244.2.0/24 via 10.244.2.0 dev flannel.1 metric 4096",
            "ip -4 route del 10.244.3.0/24 via 192.168.0.83 dev eth0",
            "ip link del flannel.1");
  }

  @Test
  void narrowerRoutesStayUntilWireguardsOwnRouteIsThere() {
    assertThat(
            plan(
                wireguard(),
                List.of(NIC, VXLAN, WIREGUARD),
                "10.244.2.0/24 10.244.2.0 flannel.1",
                "10.244.3.0/24 192.168.0.83 eth0"))
        .isEmpty();
  }

  @Test
  void wireguardThatWasKilled() {
    assertThat(
            plan(
                wanted("flannel.1"),
                List.of(NIC, VXLAN, WIREGUARD),
                "10.244.0.0/16 - flannel-wg",
                "10.244.2.0/24 10.244.2.0 flannel.1",
                "10.244.3.0/24 10.244.3.0 flannel.1"))
        .containsExactly("ip -4 route del 10.244.0.0/16 dev flannel-wg", "ip link del flannel-wg");
  }

  @Test
  void dualStackVxlanToHostGw() {
    var wanted =
        new LeftOvers.Wanted(
            Set.of(),
            List.of(
                range("10.244.0.0/16", "10.244.1.0/24", true, null, "10.244.2.0/24"),
                range("fd00:10:244::/56", "fd00:10:244:1::/64", true, null, "fd00:10:244:2::/64")));
    assertThat(
            plan(
                wanted,
                List.of(NIC, VXLAN, VXLAN_V6),
                "10.244.2.0/24 192.168.0.82 eth0",
                "10.244.2.0/24 10.244.2.0 flannel.1 4096",
                "fe80::/64 - flannel-v6.1 256 kernel",
                "fd00:10:244:1::/64 - cni0 256 kernel",
                "fd00:10:244:2::/64 fd00:1::82 eth0 1024",
                "fd00:10:244:2::/64 fd00:10:244:2:: flannel-v6.1 4096",
                "fd00:10:244:9::/64 fd00:10:244:9:: flannel-v6.1 1024"))
        .containsExactly(
            "ip -4 route del 10.244.2.0/24 via 10.244.2.0 dev flannel.1 metric 4096",
            "ip -6 route del fd00:10:244:2::/64 via fd00:10:244:2:: dev flannel-v6.1 metric 4096",
            "ip -6 route del fd00:10:244:9::/64 via fd00:10:244:9:: dev flannel-v6.1 metric 1024",
            "ip link del flannel.1",
            "ip link del flannel-v6.1");
  }

  @Test
  void theRouteOfANodeThatIsGone() {
    assertThat(
            plan(
                wanted("flannel.1"),
                List.of(NIC, VXLAN),
                "10.244.2.0/24 10.244.2.0 flannel.1",
                "10.244.3.0/24 10.244.3.0 flannel.1",
                "10.244.9.0/24 10.244.9.0 flannel.1",
                "10.244.8.0/24 192.168.0.88 eth0"))
        .containsExactly(
            "ip -4 route del 10.244.9.0/24 via 10.244.9.0 dev flannel.1",
            "ip -4 route del 10.244.8.0/24 via 192.168.0.88 dev eth0");
  }

  @Test
  void routesAreNotStaleAndTheirDevicesStayWithoutAllPeers() {
    var wanted =
        new LeftOvers.Wanted(
            Set.of("flannel.ipip"),
            List.of(range("10.244.0.0/16", "10.244.1.0/24", false, null, "10.244.2.0/24")));
    assertThat(
            plan(
                wanted,
                List.of(NIC, VXLAN, IPIP),
                "10.244.2.0/24 192.168.0.82 flannel.ipip",
                "10.244.2.0/24 10.244.2.0 flannel.1 4096",
                "10.244.8.0/24 192.168.0.88 eth0",
                "10.244.9.0/24 10.244.9.0 flannel.1"))
        .containsExactly("ip -4 route del 10.244.2.0/24 via 10.244.2.0 dev flannel.1 metric 4096");
  }

  @Test
  void theOnlyWayToALivePeerStaysWithItsDevice() {
    var plan =
        LeftOvers.plan(
            wanted("flannel.ipip"),
            List.of(NIC, VXLAN, IPIP),
            routes(
                "10.244.2.0/24 192.168.0.82 flannel.ipip",
                "10.244.2.0/24 10.244.2.0 flannel.1 4096",
                "10.244.3.0/24 10.244.3.0 flannel.1 4096"));
    assertThat(plan.removals())
        .hasToString("[10.244.2.0/24 via 10.244.2.0 dev flannel.1 metric 4096]");
    assertThat(plan.kept())
        .containsExactly(
            "the route 10.244.3.0/24 via 10.244.3.0 dev flannel.1 stays: it is the only way to"
                + " 10.244.3.0/24",
            "flannel.1 stays, since the route 10.244.3.0/24 via 10.244.3.0 dev flannel.1 uses it");
  }

  @Test
  void nothingOfAnybodyElsesIsTouched() {
    assertThat(
            plan(
                wanted("flannel.1"),
                List.of(
                    NIC,
                    BRIDGE,
                    VXLAN,
                    SimulatedNode.device("tunl0", "ipip"),
                    SimulatedNode.device("office", "wireguard"),
                    SimulatedNode.device("vxlan.calico", "vxlan"),
                    // flannel's name, but not its kind.
                    SimulatedNode.device("flannel.ipip", "dummy"),
                    SimulatedNode.device("flannel.home", "vxlan")),
                "10.244.2.0/24 10.244.2.0 flannel.1",
                "10.244.3.0/24 10.244.3.0 flannel.1",
                // Outside the network's range, though with the metric of copies.
                "10.9.0.0/16 192.168.0.9 eth0 4096",
                // Inside, but made by a routing daemon, an administrator, and the kernel for
                // Docker's bridge.
                "10.244.77.0/24 192.168.0.77 eth0 20 bird",
                "10.244.78.0/24 192.168.0.78 eth0 0 static",
                "10.244.79.0/24 - docker0 0 kernel",
                // In the node's own range.
                "10.244.1.7/32 10.244.1.9 cni0",
                // Narrower than a node's range.
                "10.244.80.0/28 192.168.0.80 eth0"))
        .isEmpty();
  }

  @Test
  void aDeviceThatSomebodyElsesRouteUsesStays() {
    var plan =
        LeftOvers.plan(
            wanted(),
            List.of(NIC, VXLAN),
            routes(
                "10.244.2.0/24 192.168.0.82 eth0",
                "10.244.3.0/24 192.168.0.83 eth0",
                "172.20.0.0/16 10.244.2.0 flannel.1"));
    assertThat(plan.removals()).isEmpty();
    assertThat(plan.kept())
        .containsExactly(
            "flannel.1 stays, since the route 172.20.0.0/16 via 10.244.2.0 dev flannel.1 uses it");
  }

  private static LeftOvers.Wanted wanted(String... devices) {
    return new LeftOvers.Wanted(
        Set.of(devices),
        List.of(
            range("10.244.0.0/16", "10.244.1.0/24", true, null, "10.244.2.0/24", "10.244.3.0/24")));
  }

  private static LeftOvers.Wanted wireguard() {
    return new LeftOvers.Wanted(
        Set.of("flannel-wg"),
        List.of(
            range(
                "10.244.0.0/16",
                "10.244.1.0/24",
                true,
                "flannel-wg",
                "10.244.2.0/24",
                "10.244.3.0/24")));
  }

  private static LeftOvers.Range range(
      String network, String own, boolean complete, String networkDevice, String... live) {
    return new LeftOvers.Range(
        Cidr.parse(network),
        Cidr.parse(own),
        Stream.of(live).map(Cidr::parse).collect(Collectors.toSet()),
        complete,
        Optional.ofNullable(networkDevice));
  }

  private static List<String> plan(LeftOvers.Wanted wanted, List<Link> links, String... routes) {
    return LeftOvers.plan(wanted, links, routes(routes)).removals().stream()
        .map(removal -> String.join(" ", removal.command()))
        .toList();
  }

  /**
   * Parses routes and adds them to the node's own.
   *
   * @param lines destination, gateway or -, device, and optionally metric and protocol
   */
  static List<Route> routes(String... lines) {
    return Stream.concat(NODE.stream(), Stream.of(lines))
        .map(line -> line.split(" "))
        .map(
            words ->
                new Route(
                    Cidr.parse(words[0]),
                    Route.UNICAST,
                    List.of(
                        new Route.Hop(
                            words[1].equals("-")
                                ? Optional.empty()
                                : Optional.of(Cidr.ofAddress(words[1])),
                            Optional.of(words[2]))),
                    words.length > 3 ? Long.parseLong(words[3]) : 0,
                    Optional.of(words.length > 4 ? words[4] : "boot"),
                    false))
        .toList();
  }
}
