package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import io.flannel.operator.testing.fakes.FakeTaskPods;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A new encapsulation is tried between the nodes before the first of them changes to it. */
class PreflightIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  private final FakeTaskPods steps = new FakeTaskPods(cluster.client());
  private TestNetwork network;

  @BeforeEach
  void install() {
    network = TestNetwork.of(cluster, "default").apply(TestNetwork.VXLAN).awaitReady();
    assertThat(steps.pods()).as("none at an installation").isEmpty();
  }

  @Test
  void aBlockedPairRefusesTheChangeUntilItIsMended() {
    List<String> pods = flannelPods();
    var before = Rendered.in(cluster).contents();
    nodes.preflights().drop("node-1", "node-3");
    network.apply(TestNetwork.IPIP);
    network.awaitRefused(
        "PreflightFailed",
        "what ipip sends does not pass from node-1 to node-3",
        "IP protocol 4",
        "flannel.io/retry");
    assertThat(flannelPods()).as("no pod is touched").isEqualTo(pods);
    assertThat(Rendered.in(cluster).contents()).isEqualTo(before);
    assertThat(network.status().applied().backend()).isEqualTo(BackendType.VXLAN);
    assertThat(network.eventReasons()).contains("PreflightFailed").doesNotContain("RolledBack");

    // The task pods record the result: nothing is tried or written until something changes.
    var mark = cluster.api().audit().mark();
    operator.process().awaitPassAfter(() -> network.poke("refused"));
    assertThat(cluster.writes(mark)).isEmpty();
    nodes.preflights().pass("node-1", "node-3");
    network.annotate("flannel.io/retry", "mended");
    network.awaitReady();
    assertThat(network.status().applied().backend()).isEqualTo(BackendType.IPIP);
    eventually("no pod", () -> assertThat(steps.pods()).isEmpty());
  }

  @Test
  void anOperatorThatIsKilledInTheMiddleGoesOn() {
    List<String> pods = flannelPods();
    nodes.preflights().hold("node-2");
    network.apply(TestNetwork.IPIP);
    network.awaitConditions("Accepted=T Ready=F Reconciling=T Stalled=F");
    eventually(
        "tried everywhere at once",
        () -> {
          assertThat(network.condition("Ready").orElseThrow().reason()).isEqualTo("Preflight");
          assertThat(steps.pods()).hasSize(3);
          assertThat(steps.running())
              .singleElement()
              .satisfies(pod -> assertThat(pod.getSpec().getNodeName()).isEqualTo("node-2"));
        });
    List<String> tried = names(steps.pods());
    assertThat(flannelPods()).isEqualTo(pods);

    operator.process().kill();
    operator.process().start().awaitReady();
    operator.process().awaitPassAfter(() -> network.poke("restarted"));
    assertThat(names(steps.pods())).isEqualTo(tried);
    assertThat(flannelPods()).isEqualTo(pods);
    nodes.preflights().release("node-2");
    network.awaitReady();
    assertThat(network.status().applied().backend()).isEqualTo(BackendType.IPIP);
    eventually("no pod", () -> assertThat(steps.pods()).isEmpty());
  }

  @Test
  void aChangeThatIsGivenUpLeavesNoPods() {
    nodes.preflights().hold("node-1");
    network.apply(TestNetwork.IPIP);
    eventually("tried", () -> assertThat(steps.pods()).hasSize(3));
    network.apply(TestNetwork.VXLAN).awaitReady();
    eventually("no pod", () -> assertThat(steps.pods()).isEmpty());
  }

  @Test
  void preflightTriesNothingWithoutANewEncapsulation() {
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.VXLAN + "mtu: 1400").awaitReady();
    assertThat(cluster.writes(mark))
        .extracting(request -> request.toString())
        .noneMatch(request -> request.contains("flannel-preflight"));
  }

  private static List<String> flannelPods() {
    return names(
        cluster
            .client()
            .pods()
            .inNamespace(TestCluster.FLANNEL)
            .withLabel("app", "flannel")
            .list()
            .getItems());
  }

  private static List<String> names(List<Pod> pods) {
    return pods.stream().map(pod -> pod.getMetadata().getName()).sorted().toList();
  }
}
