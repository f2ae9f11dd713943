package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.apiserver.TestNode;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A node's problem is reported once, and once more when it is solved. */
class NodeProblemIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @Test
  void aNodeWithoutPodCidr() {
    var network = installed("node-4");
    TestNode.named("node-4").internalIp("192.168.0.4").create(cluster.client());
    awaitProblem(network, "NoPodCIDR", "node-4");
    cluster.removeNode("node-4");
    awaitSolved(network, "NoPodCIDR");
  }

  @Test
  void aNodeWithAPodCidrOutside() {
    var network = installed("node-4");
    TestNode.named("node-4")
        .podCidrs("10.99.0.0/24")
        .internalIp("192.168.0.4")
        .create(cluster.client());
    awaitProblem(network, "PodCIDROutside", "node-4");
    cluster.removeNode("node-4");
    awaitSolved(network, "PodCIDROutside");
  }

  @Test
  void aNodeThatIsNotRegistered() {
    var network = installed();
    annotate("node-2", "kube-subnet-manager", null);
    awaitProblem(network, "NotRegistered", "node-2");
    annotate("node-2", "kube-subnet-manager", "true");
    awaitSolved(network, "NotRegistered");
  }

  @Test
  void aNodeOfAnotherBackend() {
    var network = installed();
    annotate("node-2", "backend-type", "vxlan");
    awaitProblem(network, "OtherBackend", "node-2");
    annotate("node-2", "backend-type", "ipip");
    awaitSolved(network, "OtherBackend");
  }

  @Test
  void twoNodesWithOnePublicIp() {
    var network = installed();
    annotate("node-2", "public-ip", "192.168.0.1");
    awaitProblem(network, "DuplicatePublicIP", "node-1", "node-2");
    annotate("node-2", "public-ip", "192.168.0.2");
    awaitSolved(network, "DuplicatePublicIP");
  }

  /** Installs a network on three nodes, all of which get leases. */
  private static TestNetwork installed(String... broken) {
    cluster.nodes(3);
    var network = TestNetwork.of(cluster, "default");
    try (var kubelets = FakeKubelets.on(cluster, broken)) {
      network.apply(TestNetwork.IPIP).awaitReady();
    }
    return network;
  }

  private static void annotate(String node, String key, @Nullable String value) {
    cluster
        .client()
        .nodes()
        .withName(node)
        .edit(
            live -> {
              live.getMetadata().getAnnotations().put("flannel.alpha.coreos.com/" + key, value);
              live.getMetadata().getAnnotations().values().removeIf(Objects::isNull);
              return live;
            });
  }

  private static void awaitProblem(TestNetwork network, String reason, String... nodes) {
    network.awaitConditions("Accepted=T Ready=F Reconciling=F Stalled=F");
    eventually(
        reason,
        () ->
            assertThat(network.status().problems())
                .singleElement()
                .satisfies(
                    problem -> {
                      assertThat(problem.reason()).isEqualTo(reason);
                      assertThat(problem.nodes()).containsExactly(nodes);
                      assertThat(problem.remedy()).isNotBlank();
                      assertThat(problem.since()).isNotBlank();
                    }));
    assertThat(network.status().nodes().stream().limit(nodes.length))
        .extracting(node -> node.reason())
        .containsOnly(reason);
  }

  private static void awaitSolved(TestNetwork network, String reason) {
    network.awaitReady();
    assertThat(network.status().problems()).isNullOrEmpty();
    var mark = cluster.api().audit().mark();
    operator.process().awaitPassAfter(() -> network.poke("solved"));
    assertThat(cluster.writes(mark)).isEmpty();
    assertThat(network.eventReasons())
        .containsExactlyInAnyOrder(
            "Accepted",
            "RolloutStarted",
            "RolloutComplete",
            "TunnelsHealthy",
            "Ready",
            reason,
            "TunnelsUnknown",
            "NotReady",
            "ProblemSolved",
            "TunnelsHealthy",
            "Ready");
  }
}
