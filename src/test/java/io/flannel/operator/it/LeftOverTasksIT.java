package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.decide.leftover.LeftOverTask;
import io.flannel.operator.decide.leftover.LeftOversFound;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.observe.TaskPod;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RestrictedPods;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import io.flannel.operator.testing.fakes.FakeTaskPods;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Left-overs that agents find are removed by a task on each node, one node after another. */
class LeftOverTasksIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  private final FakeTaskPods steps = new FakeTaskPods(cluster.client());
  private TestNetwork network;

  @BeforeEach
  void install() {
    network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP).awaitReady();
  }

  @AfterEach
  void stop() {
    steps.pods().forEach(pod -> cluster.client().pods().resource(pod).withGracePeriod(0).delete());
  }

  @Test
  void oneNodeAfterTheOtherAndNoPodIsLeft() {
    nodes.agents().find("node-1", "LeftOvers", null);
    Pod first = awaitPod("node-1");
    assertThat(first.getSpec().getContainers().getFirst().getEnv())
        .anySatisfy(
            variable ->
                assertThat(variable.getValue())
                    .contains("\"flannel.ipip\"", "\"10.244.2.0/24\"", "\"10.244.3.0/24\""));
    nodes.agents().find("node-3", "LeftOvers", null);
    eventually("node-3's report", () -> assertThat(findings("node-3")).isNotEmpty());
    operator.process().awaitPassAfter(() -> network.poke("look"));
    assertThat(steps.pods()).hasSize(1);

    end(first, true, "removed flannel.1 (vxlan)");
    nodes.agents().heal("node-1");
    Pod second = awaitPod("node-3");
    end(second, true, "removed flannel.1 (vxlan)");
    nodes.agents().heal("node-3");

    eventually("no pod", () -> assertThat(steps.pods()).isEmpty());
    network.awaitReady();
    assertThat(network.status().problems()).isNullOrEmpty();
    assertThat(network.eventReasons()).doesNotContain("LeftOvers");
  }

  @Test
  void aStepThatFailsIsTriedAgainAndTold() {
    nodes.agents().find("node-2", "LeftOvers", null);
    end(awaitPod("node-2"), false, "ip link del flannel.1 ended with 2");
    awaitTold("ip link del flannel.1 ended with 2");
    // Packets pass nevertheless.
    network.awaitReady();
    Pod second = awaitPod("node-2");
    assertThat(second.getMetadata().getAnnotations()).containsEntry("flannel.io/attempt", "2");
    end(second, true, "removed flannel.1 (vxlan)");
    nodes.agents().heal("node-2");
    eventually(
        "solved",
        () -> {
          assertThat(network.status().problems()).isNullOrEmpty();
          assertThat(steps.pods()).isEmpty();
        });
  }

  @Test
  void aPodThatTheApiServerRefusesIsAFailureThatIsToldAndTriedAgain() {
    try (var ignored = RestrictedPods.in(cluster)) {
      nodes.agents().find("node-2", "LeftOvers", null);
      awaitTold("the task that removes them: Pod", "PodSecurity");
      network.awaitReady();
    }
    operator.process().awaitPassAfter(() -> network.poke("allowed"));
    end(awaitPod("node-2"), true, "removed flannel.1 (vxlan)");
    nodes.agents().heal("node-2");
    eventually("solved", () -> assertThat(network.status().problems()).isNullOrEmpty());
  }

  @Test
  void anOperatorThatIsKilledGoesOn() {
    nodes.agents().find("node-1", "LeftOvers", null);
    Pod pod = awaitPod("node-1");
    operator.process().kill();
    end(pod, true, "removed flannel.1 (vxlan)");
    nodes.agents().heal("node-1");
    operator.process().start().awaitReady();
    eventually("no pod", () -> assertThat(steps.pods()).isEmpty());
  }

  @Test
  void leftOversAreNotRemovedWhileATunnelIsIll() {
    nodes.agents().lose("node-2");
    awaitReasons("EncapsulationBlocked");
    nodes.agents().find("node-1", "LeftOvers", null);
    awaitReasons("EncapsulationBlocked", "LeftOvers");
    operator.process().awaitPassAfter(() -> network.poke("look"));
    assertThat(steps.pods()).isEmpty();
    nodes.agents().heal("node-2");
    awaitPod("node-1");
  }

  @Test
  void routeLikeAGoneNodesIsRemovedOnceNoNodeHasIt() {
    nodes.agents().find("node-1", "RouteStale", null);
    awaitPod("node-1");
    TestCluster.node(4).create(cluster.client());
    eventually("joined", () -> assertThat(network.status().summary().leased()).isEqualTo(4));
    TaskResult found =
        LeftOversFound.of(List.of("10.244.4.0/24", "10.244.9.0/24"))
            .in(TaskResult.done("removed nothing"));
    eventually(
        "a step that is told",
        () -> {
          steps.running().stream()
              .filter(pod -> order(pod).gone().isEmpty())
              .forEach(pod -> steps.end(pod, found));
          assertThat(steps.running())
              .singleElement()
              .satisfies(pod -> assertThat(order(pod).gone()).containsExactly("10.244.9.0/24"));
        });
    nodes.agents().heal("node-1");
    eventually(
        "no pod",
        () -> {
          steps.endAll();
          assertThat(steps.pods()).isEmpty();
        });
  }

  private static LeftOverTask order(Pod pod) {
    return LeftOverTask.read(TaskPod.input(pod).orElseThrow());
  }

  @Test
  void aChangeBeginsWhenItHasEnded() {
    nodes.agents().find("node-1", "LeftOvers", null);
    Pod atWork = awaitPod("node-1");
    Object before = template();
    network.apply(TestNetwork.IPIP + "mtu: 1400");
    eventually(
        "told, and deleted",
        () -> {
          assertThat(network.condition("Ready").orElseThrow())
              .satisfies(
                  ready -> {
                    assertThat(ready.reason()).isEqualTo("WaitingForNodeTasks");
                    assertThat(ready.message()).endsWith("ends on node node-1");
                  });
          assertThat(steps.running())
              .singleElement()
              .satisfies(pod -> assertThat(pod.isMarkedForDeletion()).isTrue());
        });
    operator.process().awaitPassAfter(() -> network.poke("look"));
    assertThat(template()).isEqualTo(before);

    // What kubelet does when the container has ended.
    cluster.client().pods().resource(atWork).withGracePeriod(0).delete();
    eventually("begun", () -> assertThat(template()).isNotEqualTo(before));
    nodes.agents().heal("node-1");
    network.awaitReady();
  }

  private static Object template() {
    return Rendered.in(cluster).liveDaemonSet().getSpec().getTemplate();
  }

  @Test
  void cleanupEndsIt() {
    network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup").awaitReady();
    nodes.agents().find("node-1", "LeftOvers", null);
    String leftOvers = awaitPod("node-1").getMetadata().getName();
    network.delete();
    eventually(
        "its end",
        () ->
            assertThat(steps.pods())
                .filteredOn(pod -> pod.getMetadata().getName().equals(leftOvers))
                .singleElement()
                .satisfies(pod -> assertThat(pod.isMarkedForDeletion()).isTrue()));
    eventually(
        "gone",
        () -> {
          steps.endAll();
          assertThat(network.exists()).isFalse();
        });
  }

  /** Waits until node-2's left-overs are the only problem, with these words in its message. */
  private void awaitTold(String... words) {
    eventually(
        "told",
        () ->
            assertThat(network.status().problems())
                .singleElement()
                .satisfies(
                    problem -> {
                      assertThat(problem.reason()).isEqualTo("LeftOvers");
                      assertThat(problem.nodes()).containsExactly("node-2");
                      assertThat(problem.message()).contains(words);
                    }));
  }

  private void awaitReasons(String... reasons) {
    eventually(
        "told",
        () ->
            assertThat(network.status().problems())
                .extracting(problem -> problem.reason())
                .containsExactlyInAnyOrder(reasons));
  }

  private static List<FlannelNodeStatus.Finding> findings(String node) {
    return Objects.requireNonNullElse(
        cluster.client().resources(FlannelNode.class).withName(node).get().getStatus().findings(),
        List.of());
  }

  private Pod awaitPod(String node) {
    eventually(
        "a step on " + node,
        () ->
            assertThat(steps.running())
                .singleElement()
                .satisfies(pod -> assertThat(pod.getSpec().getNodeName()).isEqualTo(node)));
    return steps.running().getFirst();
  }

  private void end(Pod pod, boolean done, String said) {
    steps.end(pod, done, said);
  }
}
