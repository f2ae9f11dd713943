package io.flannel.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.flannel.ClusterNode;
import org.junit.jupiter.api.Test;

class TrimmedNodeTest {
  /** A node with a value for every field of {@link ClusterNode}, and for others. */
  private static final String NODE =
      """
      apiVersion: v1
      kind: Node
      metadata:
        name: node1
        uid: 0b4b1f5c-6f0a-4b0e-9d3e-0a3f6a1f2c11
        resourceVersion: "4711"
        labels: {kubernetes.io/os: linux}
        annotations:
          flannel.alpha.coreos.com/backend-type: vxlan
          flannel.alpha.coreos.com/public-ip: 192.168.0.81
          node.alpha.kubernetes.io/ttl: "0"
        managedFields:
          - {manager: kubelet, operation: Update, apiVersion: v1}
      spec:
        podCIDR: 10.244.1.0/24
        podCIDRs: [10.244.1.0/24, "fd00:10:244:1::/64"]
        providerID: kind://node1
        taints:
          - {key: node.kubernetes.io/not-ready, effect: NoSchedule}
      status:
        addresses:
          - {type: InternalIP, address: 192.168.0.81}
          - {type: Hostname, address: node1}
        conditions:
          - {type: Ready, status: "True", lastHeartbeatTime: "2026-01-01T00:00:00Z"}
          - {type: MemoryPressure, status: "False"}
        nodeInfo: {kubeletVersion: v1.34.1+k3s1, osImage: Linux}
        images:
          - {names: ["docker.io/library/busybox:1"], sizeBytes: 4000000}
      """;

  private final Node whole = Serialization.unmarshal(NODE, Node.class);
  private final Node kept = TrimmedNode.of(whole);

  @Test
  void keepsAllThatAClusterNodeIsMadeOf() {
    ClusterNode node = ClusterNode.of(whole);
    assertThat(node).as("the test has something in every field").hasNoNullFieldsOrProperties();
    assertThat(node.flannel()).hasSize(2);
    assertThat(node.ready()).isTrue();
    assertThat(node.kubelet()).isEqualTo("v1.34.1+k3s1");
    assertThat(ClusterNode.of(kept)).isEqualTo(node);
  }

  @Test
  void keepsTheIdentityThatInformersNeed() {
    assertThat(kept.getMetadata().getUid()).isEqualTo(whole.getMetadata().getUid());
    assertThat(kept.getMetadata().getResourceVersion()).isEqualTo("4711");
  }

  @Test
  void leavesOutWhatIsLarge() {
    assertThat(kept.getStatus().getImages()).isEmpty();
    assertThat(kept.getMetadata().getManagedFields()).isEmpty();
    assertThat(kept.getMetadata().getAnnotations())
        .doesNotContainKey("node.alpha.kubernetes.io/ttl");
  }
}
