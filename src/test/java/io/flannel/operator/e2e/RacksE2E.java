package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * DirectRouting as it is meant: node1 and node2 on one L2, node3 and node4 on another, a router
 * between them. Then both families of addresses.
 */
@LabCluster(nodes = 4, racks = 2, families = "dual-stack")
@ExtendWith(InstalledOperator.class)
@TestMethodOrder(OrderAnnotation.class)
class RacksE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3, 4);
  private static final String IPV4 = "cidr: 10.244.0.0/16";
  private static final String BOTH = IPV4 + "\nipv6CIDR: fd00:10:244::/56";

  @Test
  @Order(1)
  void ipipIsDirectInsideARackAndTunnelsBetweenThem() {
    becomes(IPV4, "{type: ipip, directRouting: true}");
    TestPods.restart(NODES);
    TestPods.allReachEachOther(NODES);

    assertThat(Lab.node(1, "ip -4 route show 10.244.2.0/24")).contains("via 192.168.0.82 dev eth0");
    assertThat(Lab.node(1, "ip -4 route show 10.244.3.0/24"))
        .contains("via 192.168.1.83 dev flannel.ipip");
    assertThat(Wire.during(1, 2, "ip proto 4 and host 192.168.0.81 and host 192.168.0.82"))
        .isEmpty();
    assertThat(Wire.during(1, 3, "ip proto 4"))
        .contains("192.168.0.81 > 192.168.1.83")
        .contains(TestPods.address(1) + " > " + TestPods.address(3) + ": ICMP echo request");
    assertThat(Wire.during(1, 3, "icmp and host " + TestPods.address(3))).isEmpty();
  }

  @Test
  @Order(2)
  void aRouterThatDropsIpipIsTold() {
    Lab.run("fault", "router-drop-ipip", "1", "3");
    await("the cause to be told")
        .atMost(1, MINUTES)
        .pollInterval(1, SECONDS)
        .untilAsserted(
            () ->
                assertThat(Network.status().at("/problems/0/reason").asText())
                    .isEqualTo("EncapsulationBlocked"));
    Lab.run("heal");
    Network.awaitReady();
  }

  @Test
  @Order(3)
  @Tag("slow")
  void aNodeThatMovesToTheOtherRackIsReachedDirectlyThere() {
    Lab.run("move", "4", "1");
    try {
      await("the lease of its new address, and all tunnels")
          .atMost(3, MINUTES)
          .pollInterval(1, SECONDS)
          .untilAsserted(
              () -> {
                JsonNode moved = Network.status().path("nodes").path(3);
                assertThat(moved.path("publicIP").asText()).isEqualTo("192.168.0.84");
                assertThat(moved.path("tunnel").asText()).isEqualTo("Healthy");
              });
      Network.awaitReady();
      TestPods.restart(List.of(4));
      TestPods.allReachEachOther(NODES);
      assertThat(Lab.node(1, "ip -4 route show 10.244.4.0/24"))
          .contains("via 192.168.0.84 dev eth0");
      assertThat(Lab.node(3, "ip -4 route show 10.244.4.0/24"))
          .contains("via 192.168.0.84 dev flannel.ipip");
    } finally {
      Lab.run("move", "4", "2");
    }
    await("the lease of its old address")
        .atMost(3, MINUTES)
        .pollInterval(1, SECONDS)
        .until(() -> Network.status().at("/nodes/3/publicIP").asText().equals("192.168.1.84"));
    Network.awaitReady();
  }

  @Test
  @Order(4)
  void vxlanIsDirectInsideARackInBothFamilies() {
    becomes(BOTH, "{type: vxlan, directRouting: true}");
    TestPods.restart(NODES);
    TestPods.allReachEachOther(NODES);

    assertThat(Lab.node(1, "ip -4 route show 10.244.2.0/24")).contains("via 192.168.0.82 dev eth0");
    assertThat(Lab.node(1, "ip -4 route show 10.244.3.0/24"))
        .contains("via 10.244.3.0 dev flannel.1");
    assertThat(Lab.node(1, "ip -6 route show fd00:10:244:2::/64"))
        .contains("via fd00:192:168::82 dev eth0");
    assertThat(Lab.node(1, "ip -6 route show fd00:10:244:3::/64"))
        .contains("via fd00:10:244:3:: dev flannel-v6.1");
    assertThat(Lab.nodeJson(1, "ip -j link show flannel-v6.1").at("/0/mtu").asInt())
        .isEqualTo(1430);
    assertThat(message())
        .isEqualTo("packets pass between all of 4 nodes over IPv4; IPv6 is not measured");
  }

  /** The kernel refuses vxlan's route while a direct one holds the peer's address. */
  @Test
  @Order(5)
  @Tag("slow")
  void withoutDirectRoutingBothFamiliesGoThroughTheTunnel() {
    becomes(BOTH, "{type: vxlan}");
    TestPods.allReachEachOther(NODES);

    assertThat(Lab.node(1, "ip -4 route show 10.244.2.0/24"))
        .contains("via 10.244.2.0 dev flannel.1");
    assertThat(Lab.node(1, "ip -6 route show fd00:10:244:2::/64"))
        .contains("via fd00:10:244:2:: dev flannel-v6.1")
        .doesNotContain("eth0");
    assertThat(Wire.during(1, 2, "udp port 8472")).contains("ICMP echo request");
  }

  @Test
  @Order(6)
  void wireguardEncryptsBothFamiliesWithAPreSharedKey() {
    Lab.run(
        "kubectl",
        "-n",
        "kube-flannel",
        "create",
        "secret",
        "generic",
        "wireguard",
        "--from-literal",
        "psk=" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=");
    becomes(BOTH, "{type: wireguard, wireguard: {pskSecret: {name: wireguard}}}");
    TestPods.restart(NODES);
    TestPods.allReachEachOther(NODES);

    for (String device : List.of("flannel-wg", "flannel-wg-v6")) {
      JsonNode link = Lab.nodeJson(1, "ip -j -d link show " + device).path(0);
      assertThat(link.at("/linkinfo/info_kind").asText()).isEqualTo("wireguard");
      assertThat(link.path("mtu").asInt()).isEqualTo(1420);
    }
    assertThat(Lab.node(1, "ip -6 route show fd00:10:244::/56")).contains("dev flannel-wg-v6");
    assertThat(Wire.during(1, 3, "udp port 51820")).contains("192.168.1.83.51820");
    assertThat(Wire.during(1, 3, "net 10.244.0.0/16 or net fd00:10:244::/56 or ip proto 4"))
        .isEmpty();
  }

  private static void becomes(String ranges, String backend) {
    Network.carries(ranges, backend);
    Overlay.awaitChanged();
  }

  private static String message() {
    return Network.message(Lab.get("fnet", "default"), "TunnelsHealthy");
  }
}
