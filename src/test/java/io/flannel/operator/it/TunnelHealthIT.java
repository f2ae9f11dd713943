package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeSpec.Peer;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the operator makes of the agents' reports, and what it tells the agents. */
class TunnelHealthIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  private TestNetwork network;

  @BeforeEach
  void install() {
    network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP).awaitReady();
  }

  @Test
  void agentsHaveNoPowerAndKnowTheirPeers() {
    var pod = agents().get().getSpec().getTemplate().getSpec();
    assertThat(pod.getHostNetwork()).isTrue();
    assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
    var agent = pod.getContainers().getFirst();
    assertThat(agent.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
    assertThat(agent.getSecurityContext().getCapabilities().getAdd()).isEmpty();
    assertThat(agent.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
    assertThat(agent.getVolumeMounts()).allMatch(mount -> mount.getReadOnly());
    assertThat(peersOf("node-2"))
        .extracting(Peer::name, Peer::address, Peer::overlayAddress)
        .containsExactly(
            tuple("node-1", "192.168.0.1", "10.244.1.0"),
            tuple("node-3", "192.168.0.3", "10.244.3.0"));
    assertThat(network.condition("TunnelsHealthy").orElseThrow().status()).isEqualTo(Status.TRUE);
    assertThat(network.status().summary().healthy()).isEqualTo(3);
    assertThat(network.status().applied().mtu()).isEqualTo(1480);
  }

  @Test
  void aNodeThatNoPacketsReachIsNamedUntilTheyDo() {
    nodes.agents().lose("node-2");
    awaitProblem("EncapsulationBlocked", "node-2");
    eventually(
        "not Ready for it",
        () -> {
          assertThat(network.conditions()).contains("Ready=F");
          assertThat(network.condition("TunnelsHealthy").orElseThrow())
              .satisfies(
                  condition -> {
                    assertThat(condition.status()).isEqualTo(Status.FALSE);
                    assertThat(condition.message()).contains("node-2");
                  });
          assertThat(network.status().nodes().getFirst())
              .satisfies(
                  worst -> {
                    assertThat(worst.name()).isEqualTo("node-2");
                    assertThat(worst.tunnel()).isEqualTo(Tunnel.DOWN);
                    assertThat(worst.peersReachable()).isEqualTo("0/2");
                  });
        });
    assertThat(network.status().nodes().stream().skip(1))
        .allMatch(node -> node.tunnel() == Tunnel.HEALTHY);

    nodes.agents().heal("node-2");
    network.awaitReady();
    assertThat(network.status().problems()).isNullOrEmpty();
    assertThat(network.eventReasons())
        .containsOnlyOnce("EncapsulationBlocked", "ProblemSolved", "TunnelsUnhealthy");
  }

  @Test
  void aFindingIsToldOfItsNode() {
    nodes.agents().find("node-3", "IPForwardingOff", null);
    awaitProblem("IPForwardingOff", "node-3");
    nodes.agents().heal("node-3");
    network.awaitReady();
    assertThat(network.status().problems()).isNullOrEmpty();
  }

  @Test
  void agentsGetBackWhatIsTakenFromThem() {
    var before = fnode("node-1").get().getSpec();
    fnode("node-1")
        .edit(
            node -> {
              node.getMetadata().setLabels(Map.of());
              return node;
            });
    fnode("node-1").delete();
    eventually(
        "the FlannelNode", () -> assertThat(fnode("node-1").get().getSpec()).isEqualTo(before));
    String uid = agents().get().getMetadata().getUid();
    agents().delete();
    eventually(
        "the agents' DaemonSet",
        () -> assertThat(agents().get().getMetadata().getUid()).isNotEqualTo(uid));
    network.awaitReady();
  }

  @Test
  void aNodeThatGoesIsNobodysPeer() {
    cluster.removeNode("node-3");
    eventually(
        "forgotten",
        () -> {
          assertThat(peersOf("node-1")).extracting(Peer::name).containsExactly("node-2");
          assertThat(fnode("node-3").get()).isNull();
        });
    network.awaitReady();
  }

  @Test
  void tunnelsAreNotMeasuredWithoutAgents() {
    network.apply(TestNetwork.UNMEASURED);
    eventually(
        "no agents",
        () -> {
          assertThat(agents().get()).isNull();
          assertThat(cluster.client().resources(FlannelNode.class).list().getItems()).isEmpty();
          assertThat(network.condition("TunnelsHealthy").orElseThrow().status())
              .isEqualTo(Status.UNKNOWN);
        });
    network.awaitReady();
    network.apply(TestNetwork.IPIP).awaitReady();
    assertThat(network.condition("TunnelsHealthy").orElseThrow().status()).isEqualTo(Status.TRUE);
  }

  @Test
  void agentsAreNotLeftWhenTheRestOfTheSpecIsRefused() {
    network.apply(TestNetwork.UNMEASURED.replace("10.244.0.0/16", "10.245.0.0/16"));
    network.awaitRefused("PodCIDROutside");
    eventually(
        "no agents",
        () -> {
          assertThat(agents().get()).isNull();
          assertThat(cluster.client().resources(FlannelNode.class).list().getItems()).isEmpty();
        });
    network.apply(TestNetwork.IPIP).awaitReady();
    assertThat(network.condition("TunnelsHealthy").orElseThrow().status()).isEqualTo(Status.TRUE);
  }

  @Test
  void metricsAreOfNodesNotOfPairs() throws Exception {
    nodes.agents().lose("node-2");
    awaitProblem("EncapsulationBlocked", "node-2");
    eventually(
        "metrics",
        () ->
            assertThat(operator.process().get("/q/metrics").body())
                .contains(
                    "flannel_network_nodes{network=\"default\",state=\"down\"} 1.0",
                    "flannel_network_nodes{network=\"default\",state=\"healthy\"} 2.0",
                    "flannel_network_problem_nodes{network=\"default\",reason=\"EncapsulationBlocked\"}"
                        + " 1.0",
                    "flannel_node_tunnel_healthy{network=\"default\",node=\"node-2\"} 0.0",
                    "flannel_node_tunnel_healthy{network=\"default\",node=\"node-1\"} 1.0",
                    "flannel_node_peers_reachable_ratio{network=\"default\",node=\"node-1\"} 0.5"));
    assertThat(operator.process().get("/q/metrics").body()).doesNotContain("peer=\"");
  }

  private void awaitProblem(String reason, String node) {
    eventually(
        reason + " of " + node,
        () ->
            assertThat(network.status().problems())
                .singleElement()
                .satisfies(
                    problem -> {
                      assertThat(problem.reason()).isEqualTo(reason);
                      assertThat(problem.nodes()).containsExactly(node);
                      assertThat(problem.message()).contains(node);
                      assertThat(problem.remedy()).isNotBlank();
                    }));
  }

  private static Resource<DaemonSet> agents() {
    return cluster
        .client()
        .apps()
        .daemonSets()
        .inNamespace(TestCluster.SYSTEM)
        .withName("flannel-node-agent");
  }

  private static Resource<FlannelNode> fnode(String name) {
    return cluster.client().resources(FlannelNode.class).withName(name);
  }

  private static List<Peer> peersOf(String name) {
    return Optional.ofNullable(fnode(name).get().getSpec().peers()).orElse(List.of());
  }
}
