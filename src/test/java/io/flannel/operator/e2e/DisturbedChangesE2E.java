package io.flannel.operator.e2e;

import static java.util.concurrent.TimeUnit.MINUTES;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Disturbances in the middle of a change, and changes of other things than the backend, with the
 * same pings as in {@link ChangesE2E}.
 */
@ExtendWith(InstalledOperator.class)
@TestMethodOrder(OrderAnnotation.class)
@Tag("slow")
class DisturbedChangesE2E {
  private static final List<Integer> NODES = List.of(1, 2, 3);
  private static final List<Integer> ALL = List.of(1, 2, 3, 4);
  private static final String OPERATOR = "ghcr.io/flannel-operator/flannel-operator:";

  private static final Changes changes = new Changes();

  @BeforeAll
  static void begin() {
    Overlay.change("{type: vxlan}");
    TestPods.restart(NODES);
    TestPods.allReachEachOther(NODES);
  }

  @AfterAll
  static void end() throws IOException {
    changes.write();
    InstalledOperator.install();
  }

  @Test
  @Order(1)
  void theLeaderIsKilledInTheMiddle() {
    InstalledOperator.install("--set", "replicas=2");
    changes.under(
        "vxlan to ipip, leader killed",
        () -> {
          Overlay.begin(() -> Network.rolls("{type: ipip}"));
          String leader = ReplicasE2E.leader();
          Lab.kubectl(
              "-n",
              InstalledOperator.NAMESPACE,
              "delete",
              "pod",
              leader,
              "--force",
              "--grace-period=0");
          Overlay.awaitChanged();
        });
    assertThat(Overlay.devices()).containsOnly("flannel.ipip");
    InstalledOperator.install();
  }

  @Test
  @Order(2)
  void aSecondChangeReplacesTheFirst() {
    changes.under(
        "ipip to vxlan, to host-gw",
        () -> {
          Overlay.begin(() -> Network.rolls("{type: vxlan}"));
          Overlay.change("{type: host-gw}");
        });
    assertThat(Overlay.devices()).isEmpty();
  }

  @Test
  @Order(3)
  void anOperatorUpgradeRestartsNoFlannelPod() {
    Lab.tag(NODES, OPERATOR + "dev", OPERATOR + "next");
    List<String> before = Overlay.pods();
    changes.under(
        "operator upgrade",
        () -> {
          InstalledOperator.install("--set", "image.tag=next");
          Lab.kubectl(
              "-n",
              InstalledOperator.NAMESPACE,
              "rollout",
              "status",
              "daemonset/flannel-node-agent",
              "--timeout=5m");
          Network.awaitReady();
        });
    assertThat(agentImage()).isEqualTo(OPERATOR + "next");
    assertThat(Overlay.pods()).isEqualTo(before);
    InstalledOperator.install();
  }

  /** To another image and back: an upgrade and a downgrade. */
  @ParameterizedTest
  @CsvSource({"image, /containers/0/image", "cniPluginImage, /initContainers/0/image"})
  @Order(4)
  void anImageOfFlannelChanges(String field, String place) {
    String image = flannelImage(place);
    String mirrored = image.replace("ghcr.io/flannel-io/", "mirror.example/");
    Lab.tag(NODES, image, mirrored);
    changes.under(
        "flannel.%s: another".formatted(field),
        () -> {
          Network.rolls("{type: host-gw}", "flannel: {%s: '%s'}".formatted(field, mirrored));
          Overlay.awaitChanged();
        });
    assertThat(flannelImage(place)).isEqualTo(mirrored).isNotEqualTo(image);
    changes.under("flannel.%s: back".formatted(field), () -> Overlay.change("{type: host-gw}"));
    assertThat(flannelImage(place)).isEqualTo(image);
  }

  @Test
  @Order(5)
  void withStrictReversePathFiltering() {
    String before = Lab.node(1, "cat /proc/sys/net/ipv4/conf/all/rp_filter").strip();
    NODES.forEach(node -> Lab.node(node, "sysctl -qw net.ipv4.conf.all.rp_filter=1"));
    try {
      // Until flanneld has its routes, a node receives its peer's packets on another device than
      // the one that it would answer through.
      changes.under("host-gw to ipip, rp_filter 1", 5000, () -> Overlay.change("{type: ipip}"));
      changes.under("ipip to vxlan, rp_filter 1", 5000, () -> Overlay.change("{type: vxlan}"));
    } finally {
      NODES.forEach(node -> Lab.node(node, "sysctl -qw net.ipv4.conf.all.rp_filter=" + before));
    }
  }

  @Test
  @Order(6)
  void aDisruptiveChangeIsRefusedAndThenAllowed() {
    Overlay.change("{type: vxlan}");
    List<String> before = Overlay.pods();
    Network.rolls("{type: vxlan, vxlan: {vni: 2}}");
    Network.awaitReason("Accepted", "DisruptiveChange");
    JsonNode network = Lab.get("fnet", "default");
    assertThat(Network.message(network, "Accepted")).contains("rollout.disruption");
    assertThat(network.at("/status/change/impact").asText()).isEqualTo("Disruptive");
    assertThat(Overlay.pods()).isEqualTo(before);
    assertThat(Overlay.devices()).containsOnly("flannel.1");

    Network.rollsDisruptively("{type: vxlan, vxlan: {vni: 2}}");
    Overlay.awaitChanged();
    assertThat(Overlay.devices()).containsOnly("flannel.2");
    TestPods.allReachEachOther(NODES);

    Network.rollsDisruptively("{type: vxlan}");
    Overlay.awaitChanged();
    assertThat(Overlay.devices()).containsOnly("flannel.1");
    TestPods.allReachEachOther(NODES);
  }

  @Test
  @Order(7)
  void aNodeJoinsInTheMiddle() {
    changes.under(
        "vxlan to ipip, a node joins",
        () -> {
          Overlay.begin(() -> Network.rolls("{type: ipip}"));
          Lab.run("add");
          awaitNodes(4);
          Overlay.awaitChanged();
        });
    TestPods.start(ALL);
    TestPods.allReachEachOther(ALL);
  }

  @Test
  @Order(8)
  void aNodeRebootsInTheMiddle() {
    changes.under(
        "ipip to host-gw, a node reboots",
        () -> {
          Overlay.begin(() -> Network.rolls("{type: host-gw}"));
          Lab.run("reboot", "4");
          Overlay.awaitChanged();
        });
    assertThat(Overlay.devices()).isEmpty();
    TestPods.restart(List.of(4));
    TestPods.allReachEachOther(ALL);
  }

  @Test
  @Order(9)
  void aNodeIsAwayForAllOfIt() {
    Lab.run("stop", "4");
    await("node4 to be lost")
        .atMost(5, MINUTES)
        .pollInterval(1, SECONDS)
        .until(() -> Lab.kubectl("get", "node", "node4", "-o", READY).strip().equals("Unknown"));
    changes.under(
        "host-gw to vxlan, a node is off",
        () -> {
          Network.rolls("{type: vxlan}");
          await("the others to be through")
              .atMost(10, MINUTES)
              .pollInterval(1, SECONDS)
              .until(
                  () -> {
                    JsonNode status = Network.status();
                    return status.at("/applied/backend").asText().equals("vxlan")
                        && status.at("/rollout/phase").asText().equals("Complete");
                  });
        });
    assertThat(Network.status().at("/rollout/message").asText()).contains("node4");
    Lab.run("start", "4");
    Overlay.awaitChanged();
    assertThat(Overlay.devices()).containsOnly("flannel.1");
    TestPods.restart(List.of(4));
    TestPods.allReachEachOther(ALL);
  }

  @Test
  @Order(10)
  void aNodeIsDeletedInTheMiddle() {
    String subnet = Lab.get("node", "node4").at("/spec/podCIDR").asText();
    Lab.kubectl("delete", "pod", TestPods.name(4), "--force", "--grace-period=0");
    changes.under(
        "vxlan to ipip, a node is deleted",
        () -> {
          Overlay.begin(() -> Network.rolls("{type: ipip}"));
          Lab.run("remove", "4");
          awaitNodes(3);
          Overlay.awaitChanged();
        });
    for (int node : NODES) {
      assertThat(Lab.node(node, "ip route show " + subnet)).isBlank();
    }
  }

  private static final String READY = "jsonpath={.status.conditions[?(@.type=='Ready')].status}";

  private static void awaitNodes(int count) {
    await(count + " nodes")
        .atMost(5, MINUTES)
        .pollInterval(1, SECONDS)
        .until(() -> Network.status().at("/summary/nodes").asInt() == count);
  }

  /**
   * Returns an image that flannel's pods run.
   *
   * @param place where it is in the pod's spec, such as {@code /containers/0/image}
   */
  private static String flannelImage(String place) {
    return image("kube-flannel", "kube-flannel-ds", place);
  }

  private static String agentImage() {
    return image(InstalledOperator.NAMESPACE, "flannel-node-agent", "/containers/0/image");
  }

  private static String image(String namespace, String daemonSet, String place) {
    return Lab.get("-n", namespace, "daemonset", daemonSet)
        .at("/spec/template/spec" + place)
        .asText();
  }
}
