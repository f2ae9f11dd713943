package io.flannel.operator.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Takes the network to wireguard, and back. A change from or to wireguard cuts pods' traffic, so it
 * has to be allowed.
 */
@ExtendWith(InstalledOperator.class)
class WireguardE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3);

  @BeforeAll
  static void toWireguard() {
    becomes("{type: wireguard}");
    // Pods of an earlier test have the MTU of its backend.
    TestPods.restart(NODES);
  }

  /** The other tests change the backend without allowing a disruption. */
  @AfterAll
  static void back() {
    becomes("{type: vxlan}");
    TestPods.restart(NODES);
  }

  @Test
  void podsPacketsAreEncryptedOnTheWire() {
    TestPods.allReachEachOther(NODES);

    JsonNode link = Lab.nodeJson(1, "ip -j -d link show flannel-wg").path(0);
    assertThat(link.at("/linkinfo/info_kind").asText()).isEqualTo("wireguard");
    assertThat(link.path("mtu").asInt()).isEqualTo(1420);
    assertThat(Lab.node(1, "ip route show 10.244.0.0/16"))
        .contains("10.244.0.0/16 dev flannel-wg scope link");
    assertThat(
            Lab.kubectl("exec", TestPods.name(1), "--", "cat", "/sys/class/net/eth0/mtu").strip())
        .isEqualTo("1420");
    assertThat(Wire.during(1, 2, "udp port 51820")).contains("192.168.0.82.51820");
    assertThat(Wire.during(1, 2, "ip proto 4 or udp port 8472 or net 10.244.0.0/16")).isEmpty();
    for (int node : NODES) {
      JsonNode lease = Network.status().path("nodes").path(node - 1);
      assertThat(lease.path("backend").asText()).isEqualTo("wireguard");
      assertThat(lease.path("device").asText()).isEqualTo("flannel-wg");
    }
  }

  private static void becomes(String backend) {
    Network.rollsDisruptively(backend);
    Overlay.awaitChanged();
  }
}
