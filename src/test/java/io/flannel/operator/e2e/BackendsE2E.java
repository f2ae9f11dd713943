package io.flannel.operator.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Takes one network through the backends. After each change, pods on all nodes reach each other,
 * and the nodes have the devices, routes and packets on the wire that the backend is documented to
 * make.
 */
@ExtendWith(InstalledOperator.class)
@TestMethodOrder(OrderAnnotation.class)
class BackendsE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3);

  @Test
  @Order(1)
  void ipipWithDirectRouting() {
    Network.becomes("{type: ipip, directRouting: true}");
    // Pods of an earlier test have the MTU of its backend.
    TestPods.restart(NODES);
    TestPods.allReachEachOther(NODES);

    assertThat(route(1, 2)).isEqualTo("via 192.168.0.82 dev eth0 onlink");
    assertThat(Wire.during(1, 2, "ip proto 4")).isEmpty();
    assertThat(Wire.during(1, 2, "icmp and host " + TestPods.address(2)))
        .contains("ICMP echo request");
    assertThat(Network.status().at("/applied/directRouting").asBoolean()).isTrue();
  }

  @Test
  @Order(2)
  void ipip() {
    Network.becomes("{type: ipip}");
    TestPods.allReachEachOther(NODES);

    JsonNode link = Lab.nodeJson(1, "ip -j -d link show flannel.ipip").path(0);
    assertThat(link.at("/linkinfo/info_kind").asText()).isEqualTo("ipip");
    assertThat(link.at("/linkinfo/info_data/remote").asText()).isEqualTo("any");
    assertThat(link.at("/linkinfo/info_data/local").asText()).isEqualTo("192.168.0.81");
    assertThat(link.path("mtu").asInt()).isEqualTo(1480);
    assertThat(address(1, "flannel.ipip")).isEqualTo("10.244.1.0/32");
    assertThat(route(1, 2)).isEqualTo("via 192.168.0.82 dev flannel.ipip onlink");
    assertThat(podMtu(1)).isEqualTo(1480);
    assertThat(Wire.during(1, 2, "ip proto 4"))
        .contains("192.168.0.81 > 192.168.0.82")
        .contains(TestPods.address(1) + " > " + TestPods.address(2) + ": ICMP echo request");
  }

  @Test
  @Order(3)
  void theStatusShowsEveryNodesLease() {
    JsonNode status = Network.status();
    assertThat(status.at("/summary/nodes").asInt()).isEqualTo(3);
    assertThat(status.at("/summary/leased").asInt()).isEqualTo(3);
    assertThat(status.at("/rollout/phase").asText()).isEqualTo("Complete");
    assertThat(status.at("/applied/backend").asText()).isEqualTo("ipip");
    for (int node : NODES) {
      JsonNode lease = status.path("nodes").path(node - 1);
      assertThat(lease.path("name").asText()).isEqualTo("node" + node);
      assertThat(lease.path("leased").asBoolean()).isTrue();
      assertThat(lease.path("subnet").asText()).isEqualTo("10.244.%d.0/24".formatted(node));
      assertThat(lease.path("publicIP").asText()).isEqualTo("192.168.0.8" + node);
      assertThat(lease.path("device").asText()).isEqualTo("flannel.ipip");
    }
    Lab.kubectl("wait", "--for=condition=Ready", "fnet/default", "--timeout=10s");
  }

  @Test
  @Order(4)
  void hostGw() {
    Network.becomes("{type: host-gw}");
    TestPods.allReachEachOther(NODES);

    assertThat(route(1, 2)).startsWith("via 192.168.0.82 dev eth0");
    assertThat(Wire.during(1, 2, "ip proto 4 or udp port 8472")).isEmpty();
    assertThat(Network.status().at("/nodes/0/backend").asText()).isEqualTo("host-gw");
    assertThat(Network.status().at("/nodes/0/device").isMissingNode()).isTrue();
  }

  @Test
  @Order(5)
  void vxlanWithDirectRouting() {
    Network.becomes("{type: vxlan, directRouting: true}");
    TestPods.allReachEachOther(NODES);

    assertThat(route(1, 2)).startsWith("via 192.168.0.82 dev eth0");
    assertThat(Wire.during(1, 2, "udp port 8472")).isEmpty();
  }

  @Test
  @Order(6)
  void vxlan() {
    Network.becomes("{type: vxlan}");
    TestPods.allReachEachOther(NODES);

    JsonNode link = Lab.nodeJson(1, "ip -j -d link show flannel.1").path(0);
    assertThat(link.at("/linkinfo/info_kind").asText()).isEqualTo("vxlan");
    assertThat(link.at("/linkinfo/info_data/id").asInt()).isEqualTo(1);
    assertThat(link.at("/linkinfo/info_data/port").asInt()).isEqualTo(8472);
    assertThat(link.at("/linkinfo/info_data/local").asText()).isEqualTo("192.168.0.81");
    assertThat(link.at("/linkinfo/info_data/learning").asBoolean()).isFalse();
    assertThat(link.path("mtu").asInt()).isEqualTo(1450);
    assertThat(address(1, "flannel.1")).isEqualTo("10.244.1.0/32");
    assertThat(route(1, 2)).isEqualTo("via 10.244.2.0 dev flannel.1 onlink");
    String mac = Lab.nodeJson(2, "ip -j link show flannel.1").path(0).path("address").asText();
    assertThat(Lab.node(1, "ip neigh show dev flannel.1"))
        .contains("10.244.2.0 lladdr " + mac + " PERMANENT");
    assertThat(Lab.node(1, "bridge fdb show dev flannel.1"))
        .contains(mac + " dst 192.168.0.82 self permanent");
    // tcpdump takes the port for OTV, whose header is similar: its instance is the VNI.
    assertThat(Wire.during(1, 2, "udp port 8472"))
        .contains("192.168.0.82.8472")
        .contains("instance 1")
        .contains("ICMP echo request");
  }

  private static String address(int node, String device) {
    JsonNode address = Lab.nodeJson(node, "ip -j -4 addr show " + device).at("/0/addr_info/0");
    return address.path("local").asText() + "/" + address.path("prefixlen").asInt();
  }

  /** Returns the route to a peer's pods that the kernel uses: the one with the best metric. */
  private static String route(int node, int peer) {
    JsonNode route = Lab.nodeJson(node, "ip -j route show 10.244.%d.0/24".formatted(peer)).path(0);
    StringBuilder said = new StringBuilder("via " + route.path("gateway").asText());
    said.append(" dev ").append(route.path("dev").asText());
    route.path("flags").forEach(flag -> said.append(' ').append(flag.asText()));
    return said.toString();
  }

  private static int podMtu(int node) {
    return Integer.parseInt(
        Lab.kubectl("exec", TestPods.name(node), "--", "cat", "/sys/class/net/eth0/mtu").strip());
  }
}
