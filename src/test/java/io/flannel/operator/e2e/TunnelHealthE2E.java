package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tunnel health as real agents measure it, with one fault of each kind; {@link TunnelFaultsE2E} has
 * all.
 */
@ExtendWith(InstalledOperator.class)
@TestMethodOrder(OrderAnnotation.class)
class TunnelHealthE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3);
  private static final Set<String> FIRST_OF_ALL =
      Set.of("drop-ipip", "delete-route", "link-down", "path-mtu", "ip-forward-off");
  private static final Set<String> OF_VXLAN = Set.of("drop-vxlan", "fdb-wrong", "neigh-wrong-mac");

  @Test
  @Order(1)
  void everyNodeReachesEveryOther() {
    Network.becomes("{type: ipip}");
    // An earlier test may have left pods with vxlan's smaller MTU.
    TestPods.restart(NODES);
    FaultRun.awaitHealthy();
    JsonNode status = Network.status();
    assertThat(status.at("/applied/mtu").asInt()).isEqualTo(1480);
    for (JsonNode node : status.path("nodes")) {
      assertThat(node.path("tunnel").asText()).isEqualTo("Healthy");
      assertThat(node.path("peersReachable").asText()).isEqualTo("2/2");
      assertThat(node.path("mtu").asInt()).isEqualTo(1480);
      assertThat(node.path("rttP50").asText()).endsWith("s");
    }
  }

  @Test
  @Order(2)
  void agentsHaveNoCapability() {
    String status =
        Lab.node(1, "cat /proc/$(pgrep -f '[i]o.flannel.operator.agent.Agent' | head -n 1)/status");
    assertThat(status).contains("CapEff:\t0000000000000000").contains("CapBnd:\t0000000000000000");
    assertThat(status).containsPattern("Uid:\t65532\t65532").contains("NoNewPrivs:\t1");
  }

  @TestFactory
  @Order(3)
  Stream<DynamicTest> faultsOfIpip() {
    return faults("ipip", FIRST_OF_ALL);
  }

  @TestFactory
  @Order(4)
  Stream<DynamicTest> faultsOfVxlan() {
    Network.becomes("{type: vxlan}");
    // Packets pass, but these pods still have ipip's larger MTU, which the status reports.
    await("advice on pods' MTU")
        .atMost(1, MINUTES)
        .untilAsserted(
            () ->
                assertThat(Network.status().path("problems").findValuesAsText("reason"))
                    .containsExactly("BridgeMTUWrong"));
    TestPods.restart(NODES);
    return faults("vxlan", OF_VXLAN);
  }

  private static Stream<DynamicTest> faults(String backend, Set<String> names) {
    return TunnelFault.of(backend).stream()
        .filter(fault -> names.contains(fault.name()))
        .map(fault -> DynamicTest.dynamicTest(fault.toString(), () -> FaultRun.check(fault)));
  }
}
