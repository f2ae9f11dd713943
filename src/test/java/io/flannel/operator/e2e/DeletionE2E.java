package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/** What deletion of the object does to flannel and to packets. */
@ExtendWith(InstalledOperator.class)
@TestMethodOrder(OrderAnnotation.class)
class DeletionE2E {
  /** Prints everything of flannel's that is on a node. */
  private static final String LEFT_BY_FLANNEL =
      """
      ip -o link | grep flannel
      ip route show root 10.244.0.0/16 | grep -v cni0
      iptables-save | grep -i flannel
      ls /run/flannel/subnet.env /etc/cni/net.d/10-flannel.conflist 2>/dev/null
      true
      """;

  private static final List<Integer> NODES = List.of(1, 2);

  @Test
  @Order(1)
  void retainLeavesFlannelUntouched() {
    Network.becomes("{type: ipip}");
    TestPods.start(NODES);
    String before = flannel();

    Lab.kubectl("delete", "fnet", "default", "--timeout=1m");

    TestPods.allReachEachOther(NODES);
    assertThat(flannel()).isEqualTo(before);
  }

  @Test
  @Order(2)
  void aNewNetworkTakesOverWhatWasRetained() {
    String pods = flannelPods();
    Network.becomes("{type: ipip}");
    assertThat(flannelPods()).as("flannel's pods were not restarted").isEqualTo(pods);
  }

  @Test
  @Order(3)
  void cleanupRemovesWhatWasRendered() {
    Network.write("{type: ipip}", "deletionPolicy: Cleanup");
    Network.awaitReady();

    Lab.kubectl("delete", "fnet", "default", "--timeout=2m");

    await()
        .atMost(5, MINUTES)
        .pollInterval(1, SECONDS)
        .until(() -> Lab.tryRun("kubectl", "get", "namespace", "kube-flannel").code() != 0);
    assertThat(Lab.tryRun("kubectl", "get", "clusterrole", "flannel").code()).isNotZero();
    assertThat(Lab.tryRun("kubectl", "get", "clusterrolebinding", "flannel").code()).isNotZero();
    for (int node : Lab.nodes()) {
      assertThat(Lab.node(node, LEFT_BY_FLANNEL)).as("on node%d", node).isBlank();
      assertThat(Lab.kubectl("get", "node", "node" + node, "-o", "yaml"))
          .doesNotContain("flannel.alpha.coreos.com");
    }
  }

  private static String flannel() {
    return Lab.kubectl(
            "-n",
            "kube-flannel",
            "get",
            "ds,cm,sa",
            "-o",
            "jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.uid}"
                + " {.metadata.generation}{\"\\n\"}{end}")
        + flannelPods();
  }

  private static String flannelPods() {
    return Lab.kubectl(
        "-n", "kube-flannel", "get", "pods", "-o", "jsonpath={.items[*].metadata.uid}");
  }
}
