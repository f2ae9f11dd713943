package io.flannel.operator.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A FlannelNetwork's status fits its schema and etcd, whatever the number of nodes. */
class StatusSizeIT {
  private static final int NODES = 5000;

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @Test
  void statusOfFiveThousandNodesWithTheLongestNamesAndAllProblemsOfALeaseIsAccepted() {
    TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP);
    List<ClusterNode> nodes = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      nodes.addAll(Nodes.list(node(i)));
    }
    StatusScenario life = new StatusScenario(Networks.ipip("10.0.0.0/8")).nodes(nodes);
    life.runs(Networks.ipip("10.0.0.0/8"), NODES).applyFails("refused ".repeat(1000)).report();

    FlannelNetwork patch = new FlannelNetwork();
    patch.setMetadata(new ObjectMetaBuilder().withName("default").build());
    patch.setStatus(life.status());
    cluster
        .client()
        .resource(patch)
        .subresource("status")
        .patch(
            new PatchContext.Builder()
                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                .withFieldManager("flannel-operator")
                .withForce(true)
                .build());

    FlannelNetwork written = TestNetwork.of(cluster, "default").get();
    assertThat(written.getStatus()).isEqualTo(life.status());
    assertThat(written.getStatus().nodes()).hasSize(Bounds.LISTED_NODES);
    assertThat(written.getStatus().problems()).hasSizeGreaterThan(4);
    assertThat(Serialization.asJson(written).getBytes(UTF_8).length).isLessThan(1_000_000);
  }

  private static Nodes node(int i) {
    String name = "n".repeat(Bounds.NAME - 4) + "%04d".formatted(i);
    Nodes node = Nodes.node(name).internalIp("192.168.%d.%d".formatted(i / 250, i % 250));
    String range = "10.%d.%d.0/26".formatted(i / 250, i % 250);
    String address = "172.16.%d.%d".formatted(i / 250, i % 250);
    return switch (i % 7) {
      case 0 -> node;
      case 1 -> node.podCidr("11.0.0.0/24");
      case 2 -> node.podCidr("10.255.0.0/24");
      case 3 -> node.podCidr(range);
      case 4 -> node.podCidr(range).leased("b".repeat(300), address);
      case 5 -> node.podCidr(range).leased("ipip", "0.0.0.0");
      default -> node.podCidr(range).leased("ipip", "172.31.0.1");
    };
  }
}
