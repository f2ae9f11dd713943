package io.flannel.operator.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Changes a running overlay while pods on every pair of nodes ping each other 50 times a second:
 * during the rollout, and during the removal of what the old backend left.
 */
@ExtendWith(InstalledOperator.class)
@TestMethodOrder(OrderAnnotation.class)
class ChangesE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3);

  private static final Changes changes = new Changes();

  @BeforeAll
  static void begin() {
    Overlay.change("{type: vxlan}");
    TestPods.restart(NODES);
    TestPods.allReachEachOther(NODES);
  }

  @AfterAll
  static void write() throws IOException {
    changes.write();
  }

  /** Runs long enough to show the machine's own losses. */
  @Test
  @Order(0)
  @Tag("slow")
  void nothing() {
    changes.under(
        "nothing, for comparison",
        () -> {
          for (int i = 0; i < 5; i++) {
            TestPods.allReachEachOther(NODES);
          }
        });
  }

  @Test
  @Order(1)
  void aChangeThatTheNetworkWouldDropIsRefusedBeforeAnyNodeIsTouched() {
    List<String> before = Overlay.pods();
    dropIpip();
    try {
      Network.rolls("{type: ipip}");
      Network.awaitReason("Accepted", "PreflightFailed");
    } finally {
      healIpip();
    }

    JsonNode network = Lab.get("fnet", "default");
    assertThat(Network.message(network, "Ready")).contains("between any two of the 3 nodes");
    assertThat(Network.message(network, "Accepted"))
        .contains("let IP protocol 4 (IP in IP) pass between all nodes");
    assertThat(network.at("/status/applied/backend").asText()).isEqualTo("vxlan");
    assertThat(Overlay.pods()).isEqualTo(before);
    assertThat(Overlay.devices()).containsOnly("flannel.1");
    TestPods.allReachEachOther(NODES);
    Overlay.change("{type: vxlan}");
    assertThat(Overlay.pods()).isEqualTo(before);
  }

  /** The pre-flight passes; packets dropped later show at the first pair that has moved. */
  @Test
  @Order(2)
  void aChangeThatTheNetworkDropsIsTakenBackAndTheThirdNodeNeverTouched() {
    List<String> before = Overlay.pods();
    Overlay.begin(() -> Network.rolls("{type: ipip}"));
    dropIpip();
    try {
      Network.awaitReason("Ready", "RolledBack");
    } finally {
      healIpip();
    }

    JsonNode network = Lab.get("fnet", "default");
    assertThat(Network.message(network, "Ready")).contains("EncapsulationBlocked");
    assertThat(network.at("/status/applied/backend").asText()).isEqualTo("vxlan");
    assertThat(Overlay.pods()).as("one pod was never touched").containsAnyElementsOf(before);
    Overlay.awaitNothingLeftOver();
    TestPods.allReachEachOther(NODES);
    Overlay.change("{type: vxlan}");
  }

  @Test
  @Order(3)
  void vxlanToIpip() {
    changes.under("vxlan to ipip", () -> Overlay.change("{type: ipip}"));
    assertThat(Overlay.devices()).containsOnly("flannel.ipip");
  }

  @Test
  @Order(4)
  @Tag("slow")
  void ipipToHostGw() {
    changes.under("ipip to host-gw", () -> Overlay.change("{type: host-gw}"));
    assertThat(Overlay.devices()).isEmpty();
  }

  @Test
  @Order(5)
  @Tag("slow")
  void hostGwToVxlan() {
    changes.under("host-gw to vxlan", () -> Overlay.change("{type: vxlan}"));
    assertThat(Overlay.devices()).containsOnly("flannel.1");
  }

  @Test
  @Order(6)
  @Tag("slow")
  void vxlanWithDirectRouting() {
    changes.under(
        "vxlan: directRouting on", () -> Overlay.change("{type: vxlan, directRouting: true}"));
  }

  @Test
  @Order(7)
  @Tag("slow")
  void vxlanWithoutDirectRouting() {
    changes.under("vxlan: directRouting off", () -> Overlay.change("{type: vxlan}"));
  }

  @Test
  @Order(8)
  @Tag("slow")
  void vxlanToIpipAgain() {
    changes.under("vxlan to ipip, again", () -> Overlay.change("{type: ipip}"));
  }

  @Test
  @Order(9)
  @Tag("slow")
  void ipipWithDirectRouting() {
    changes.under(
        "ipip: directRouting on", () -> Overlay.change("{type: ipip, directRouting: true}"));
  }

  @Test
  @Order(10)
  @Tag("slow")
  void ipipWithoutDirectRouting() {
    changes.under("ipip: directRouting off", () -> Overlay.change("{type: ipip}"));
  }

  @Test
  @Order(11)
  @Tag("slow")
  void ipipToVxlan() {
    changes.under("ipip to vxlan", () -> Overlay.change("{type: vxlan}"));
  }

  @Test
  @Order(12)
  @Tag("slow")
  void vxlanToHostGw() {
    changes.under("vxlan to host-gw", () -> Overlay.change("{type: host-gw}"));
  }

  @Test
  @Order(13)
  @Tag("slow")
  void hostGwToIpip() {
    changes.under("host-gw to ipip", () -> Overlay.change("{type: ipip}"));
  }

  private static void dropIpip() {
    NODES.forEach(node -> Lab.run("fault", "drop-ipip", String.valueOf(node)));
  }

  private static void healIpip() {
    NODES.forEach(node -> Lab.run("heal", "drop-ipip", String.valueOf(node)));
  }
}
