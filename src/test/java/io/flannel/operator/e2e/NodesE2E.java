package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/** Nodes join, reboot and leave. */
@ExtendWith(InstalledOperator.class)
@TestMethodOrder(OrderAnnotation.class)
class NodesE2E {
  @Test
  @Order(1)
  void aNodeThatJoinsGetsItsLeaseAndReachesTheOthers() {
    Network.becomes("{type: ipip}");
    Lab.run("add");
    await()
        .atMost(10, MINUTES)
        .pollInterval(1, SECONDS)
        .until(() -> Network.status().at("/summary/leased").asInt() == 4);
    Network.awaitReady();
    TestPods.start(List.of(1, 4));
    TestPods.allReachEachOther(List.of(1, 4));
  }

  @Test
  @Order(2)
  void aNodeThatRebootsComesBack() {
    Lab.run("reboot", "4");
    await()
        .atMost(10, MINUTES)
        .pollInterval(1, SECONDS)
        .until(
            () ->
                Lab.tryRun("node", "4", "ip link show flannel.ipip").code() == 0
                    && Lab.get("pod", TestPods.name(4))
                        .at("/status/containerStatuses/0/ready")
                        .asBoolean()
                    && Lab.get("pod", TestPods.name(4))
                            .at("/status/containerStatuses/0/restartCount")
                            .asInt()
                        > 0);
    Network.awaitReady();
    TestPods.allReachEachOther(List.of(1, 4));
  }

  @Test
  @Order(3)
  void aNodeThatLeavesIsForgotten() {
    Lab.kubectl("delete", "pod", TestPods.name(4), "--force", "--grace-period=0");
    Lab.run("remove", "4");
    await()
        .atMost(5, MINUTES)
        .pollInterval(1, SECONDS)
        .until(() -> Network.status().at("/summary/nodes").asInt() == 3);
    for (JsonNode node : Network.status().path("nodes")) {
      assertThat(node.path("name").asText()).isNotEqualTo("node4");
    }
    Network.awaitReady();
  }
}
