package io.flannel.operator.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/** A cluster and a network with IPv6 alone, through the backends that carry it. */
@LabCluster(nodes = 2, families = "ipv6")
@ExtendWith(InstalledOperator.class)
@TestMethodOrder(OrderAnnotation.class)
class Ipv6E2E {
  private static final List<Integer> NODES = List.of(1, 2);
  private static final String PEERS_PODS = "ip -6 route show fd00:10:244:2::/64";

  @Test
  @Order(1)
  void vxlan() {
    becomes("{type: vxlan}");
    TestPods.restart(NODES);
    TestPods.allReachEachOther(NODES);

    assertThat(TestPods.address(2)).startsWith("fd00:10:244:2::");
    assertThat(Lab.node(1, PEERS_PODS)).contains("via fd00:10:244:2:: dev flannel-v6.1");
    JsonNode node = Network.status().at("/nodes/0");
    assertThat(node.path("device").asText()).isEqualTo("flannel-v6.1");
    assertThat(node.path("mtu").asInt()).isEqualTo(1430);
    assertThat(node.path("publicIP").asText()).isEqualTo("fd00:192:168::81");
    assertThat(probed(1).path("overlay").asBoolean()).isTrue();
  }

  @Test
  @Order(2)
  void hostGw() {
    becomes("{type: host-gw}");
    TestPods.allReachEachOther(NODES);

    assertThat(Lab.node(1, PEERS_PODS)).contains("via fd00:192:168::82 dev eth0");
    assertThat(Lab.node(1, "ip -o link")).doesNotContain("flannel");
    // What is probed is the peer's bridge.
    assertThat(probed(1).path("overlay").asBoolean()).isTrue();
  }

  /** The kernel refuses vxlan's route while host-gw's holds the peer's address. */
  @Test
  @Order(3)
  void vxlanAgain() {
    becomes("{type: vxlan}");
    TestPods.restart(NODES);
    TestPods.allReachEachOther(NODES);

    assertThat(Lab.node(1, PEERS_PODS))
        .contains("via fd00:10:244:2:: dev flannel-v6.1")
        .doesNotContain("eth0");
    assertThat(Wire.during(1, 2, "udp port 8472")).contains("fd00:192:168::82.8472");
    assertThat(Wire.during(1, 2, "icmp6 and net fd00:10:244::/56")).isEmpty();
  }

  @Test
  @Order(4)
  @Tag("slow")
  void wireguard() {
    becomes("{type: wireguard}");
    TestPods.restart(NODES);
    TestPods.allReachEachOther(NODES);

    assertThat(Lab.node(1, "ip -6 route show fd00:10:244::/56")).contains("dev flannel-wg-v6");
    assertThat(Wire.during(1, 2, "udp port 51821")).contains("fd00:192:168::82.51821");
    assertThat(Wire.during(1, 2, "net fd00:10:244::/56 or udp port 8472")).isEmpty();
  }

  private static void becomes(String backend) {
    Network.carries("ipv6CIDR: fd00:10:244::/56", backend);
    Overlay.awaitChanged();
  }

  /** What the agent of a node saw of its only peer. */
  private static JsonNode probed(int node) {
    JsonNode peer = Lab.get("fnode", "node" + node).at("/status/peers/0");
    assertThat(peer.path("address").asText()).isEqualTo("fd00:192:168::8" + (3 - node));
    return peer;
  }
}
