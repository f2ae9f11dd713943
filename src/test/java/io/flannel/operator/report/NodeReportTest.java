package io.flannel.operator.report;

import static io.flannel.operator.flannel.Networks.unmeasured;
import static io.flannel.operator.flannel.Networks.wanted;
import static io.flannel.operator.flannel.Nodes.node;
import static io.flannel.operator.flannel.live.PodCountsBuilder.counts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How nodes without a lease are reported. Tunnels are not measured here. */
class NodeReportTest {
  private static final DesiredNetwork IPIP = unmeasured("ipip", "10.244.0.0/16");
  private static final DesiredNetwork VXLAN = unmeasured("vxlan", "10.244.0.0/16");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @Test
  void aProblemIsToldOnceAndSolvedOnce() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).nodes(StatusScenario.ipipNode(1), node("n2").leased("ipip", "192.168.0.2"));
    assertThat(life.report()).containsExactly("Warning NoPodCIDR", "Warning NotReady");
    Problem problem = Objects.requireNonNull(life.status().problems()).getFirst();
    assertThat(problem.message()).startsWith("node n2 lacks a podCIDR of a family");
    assertThat(problem.since()).isEqualTo("2026-11-23T10:01:00Z");

    life.after(MINUTE)
        .nodes(node("n1").leased("ipip", "192.168.0.1"), node("n2").leased("ipip", "192.168.0.2"));
    assertThat(life.report()).describedAs("the same cause").isEmpty();
    problem = Objects.requireNonNull(life.status().problems()).getFirst();
    assertThat(problem.message()).startsWith("nodes n1 and n2: each lacks a podCIDR");
    assertThat(problem.nodes()).containsExactly("n1", "n2");
    assertThat(problem.since()).isEqualTo("2026-11-23T10:01:00Z");
    assertThat(life.status().nodes())
        .extracting(NodeStatus::name, NodeStatus::since)
        .containsExactly(tuple("n1", "2026-11-23T10:02:00Z"), tuple("n2", "2026-11-23T10:01:00Z"));

    life.after(MINUTE).nodes(StatusScenario.ipipNode(1), StatusScenario.ipipNode(2));
    assertThat(life.report()).containsExactly("Normal ProblemSolved", "Normal Ready");
  }

  @Test
  void problemFromBeforeARolloutStays() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE)
        .nodes(StatusScenario.ipipNode(1), StatusScenario.free(2))
        .runs(IPIP, counts(2).available(1).get());
    life.report();
    String repaired =
        "{cidr: 10.244.0.0/16, backend: {type: ipip}, mtu: 1400, health: {enabled: false}}";
    life.after(MINUTE)
        .wants(wanted(repaired))
        .nodes(StatusScenario.free(1), StatusScenario.free(2))
        .runs(wanted(repaired), counts(2).updated(0).available(1).get());
    assertThat(life.report()).containsExactly("Normal RolloutStarted");
    assertThat(life.status().problems())
        .singleElement()
        .extracting(Problem::nodes, Problem::since)
        .containsExactly(List.of("n2"), "2026-11-23T10:01:00Z");

    life.nodes(StatusScenario.ipipNode(1), StatusScenario.ipipNode(2)).runs(wanted(repaired), 2);
    assertThat(life.report())
        .containsExactly("Normal RolloutComplete", "Normal ProblemSolved", "Normal Ready");
  }

  @Test
  void nodesComeWorstFirstThenByName() {
    StatusScenario life =
        new StatusScenario(IPIP)
            .nodes(
                StatusScenario.ipipNode(2),
                StatusScenario.ipipNode(1),
                StatusScenario.free(3),
                node("n5").leased("ipip", "192.168.0.5"),
                node("n4").leased("ipip", "192.168.0.4"))
            .runs(IPIP, 5);
    life.report();
    assertThat(life.status().nodes())
        .extracting(NodeStatus::name)
        .containsExactly("n4", "n5", "n3", "n1", "n2");
  }

  @Test
  void manyNodesAreCutAndTheStatusStaysSmall() {
    List<ClusterNode> nodes =
        IntStream.range(0, 5000)
            .mapToObj(
                i ->
                    node("worker-%04d.region-1.compute.cloud.example.com".formatted(i))
                        .podCidr(
                            "10.%d.%d.0/24".formatted(i / 256, i % 256),
                            "fd00:10:244:%x::/64".formatted(i))
                        .leased("vxlan", "192.168.100.200", "2001:db8:1111:2222:3333:4444:5555:1")
                        .get())
            .toList();
    StatusScenario life =
        new StatusScenario(unmeasured("ipip", "10.0.0.0/8"))
            .nodes(nodes)
            .runs(unmeasured("ipip", "10.0.0.0/8"), 5000);
    life.report();
    // A rollout can't complete like this; at its deadline it is reported.
    life.after(Duration.ofMinutes(11)).report();

    assertThat(life.status().nodes()).hasSize(500);
    assertThat(life.status().nodesOmitted()).isEqualTo(4500);
    assertThat(life.status().summary()).extracting(Summary::nodes).isEqualTo(5000);
    assertThat(life.status().problems())
        .singleElement()
        .satisfies(problem -> assertThat(problem.nodes()).hasSize(50));
    assertThat(Serialization.asJson(life.status()).getBytes(StandardCharsets.UTF_8).length)
        .isLessThan(400_000);
  }
}
