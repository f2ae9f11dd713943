package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Measured tunnels decide whether a rollout continues, stops or rolls back. */
class RolloutIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  private TestNetwork network;

  @BeforeEach
  void install() {
    network = TestNetwork.of(cluster, "default").apply(TestNetwork.VXLAN).awaitReady();
  }

  @Test
  void aChangeThatBreaksThePairThatHasMovedIsTakenBack() {
    // A foreign ControllerRevision is no template to roll back to, and must not hide the right one.
    cluster
        .client()
        .resource(
            """
            apiVersion: apps/v1
            kind: ControllerRevision
            metadata: {name: odd, namespace: kube-flannel, labels: {app: flannel}}
            revision: 99
            data: {spec: {template: {spec: {containers: none}}}}
            """)
        .create();
    List<String> before = pods();
    nodes.agents().block(BackendType.IPIP);
    network.apply(TestNetwork.IPIP);
    awaitPhase(Phase.ROLLED_BACK);

    assertThat(pods()).as("the third node's pod was never touched").containsAnyElementsOf(before);
    network.awaitConditions("Accepted=T Ready=F Reconciling=F Stalled=T");
    assertThat(network.condition("Ready").orElseThrow())
        .satisfies(
            ready -> {
              assertThat(ready.reason()).isEqualTo("RolledBack");
              assertThat(ready.message()).contains("EncapsulationBlocked");
            });
    assertThat(network.status().applied().backend()).isEqualTo(BackendType.VXLAN);
    assertThat(network.status().summary().healthy()).isEqualTo(3);
    assertThat(network.eventReasons()).contains("RolloutFailed", "RolledBack");

    // The operator does not retry until somebody has fixed the cause and says so.
    var mark = cluster.api().audit().mark();
    operator.process().awaitPassAfter(() -> network.poke("rolled back"));
    assertThat(cluster.writes(mark)).isEmpty();
    nodes.agents().unblock(BackendType.IPIP);
    network.annotate("flannel.io/retry", "mended");
    network.awaitReady();
    assertThat(network.status().applied().backend()).isEqualTo(BackendType.IPIP);
  }

  @Test
  void pausedRolloutStaysWhereItFailed() {
    nodes.agents().block(BackendType.IPIP);
    network.apply(TestNetwork.IPIP + "rollout: {onFailure: Pause, progressDeadline: 30s}");
    awaitPhase(Phase.STALLED);
    network.awaitConditions("Accepted=T Ready=F Reconciling=F Stalled=T");
    assertThat(network.status().rollout().message()).contains("EncapsulationBlocked");
    assertThat(network.status().applied().backend()).isEqualTo(BackendType.IPIP);
    nodes.agents().unblock(BackendType.IPIP);
    network.awaitReady();
  }

  @Test
  void aNodeThatWasIllBeforeDoesNotStopIt() {
    nodes.agents().lose("node-2");
    eventually("told", () -> assertThat(network.status().problems()).isNotEmpty());
    network.apply(TestNetwork.IPIP);
    eventually(
        "through",
        () -> {
          assertThat(network.status().rollout().phase()).isEqualTo(Phase.COMPLETE);
          assertThat(network.status().applied().backend()).isEqualTo(BackendType.IPIP);
          assertThat(network.status().nodes()).allMatch(node -> "ipip".equals(node.backend()));
        });
    assertThat(network.status().summary().healthy()).isEqualTo(2);
    nodes.agents().heal("node-2");
    network.awaitReady();
    eventually(
        "that it is through is written down",
        () -> {
          var live = Rendered.in(cluster).liveDaemonSet();
          assertThat(live.getMetadata().getAnnotations())
              .containsEntry(
                  "flannel.io/previous-revision",
                  live.getSpec()
                      .getTemplate()
                      .getMetadata()
                      .getAnnotations()
                      .get("flannel.io/revision"));
        });
  }

  @Test
  void aNodeWhereFlannelDidNotRunBeforeDoesNotStopIt() {
    nodes.broken("node-2");
    String ofNode2 =
        cluster
            .flannelPods()
            .filter(pod -> TestCluster.nodeOf(pod).equals("node-2"))
            .findFirst()
            .orElseThrow()
            .getMetadata()
            .getName();
    cluster.client().pods().inNamespace(TestCluster.FLANNEL).withName(ofNode2).delete();
    eventually(
        "another pod, which does not start",
        () ->
            assertThat(cluster.flannelPods())
                .filteredOn(pod -> TestCluster.nodeOf(pod).equals("node-2"))
                .singleElement()
                .satisfies(pod -> assertThat(pod.getStatus().getPhase()).isEqualTo("Pending")));
    operator.process().awaitPassAfter(() -> network.poke("seen"));
    network.apply(TestNetwork.IPIP);
    eventually(
        "the others are through",
        () -> {
          assertThat(network.status().rollout().phase()).isEqualTo(Phase.COMPLETE);
          assertThat(network.status().rollout().message()).contains("but node node-2");
          assertThat(network.status().applied().backend()).isEqualTo(BackendType.IPIP);
        });
    nodes.mended("node-2");
    network.awaitReady();
    assertThat(network.status().nodes()).allMatch(node -> "ipip".equals(node.backend()));
  }

  @Test
  void pausedHoldsARolloutWhereItIs() {
    nodes.agents().block(BackendType.IPIP);
    network.apply(TestNetwork.IPIP + "rollout: {onFailure: Pause}");
    awaitFirstNodeDone();
    network.apply(TestNetwork.IPIP + "rollout: {onFailure: Pause}\npaused: true");
    awaitPhase(Phase.PAUSED);
    nodes.agents().unblock(BackendType.IPIP);
    eventually("measured", () -> assertThat(network.status().problems()).isNullOrEmpty());
    List<String> held = pods();
    operator.process().awaitPassAfter(() -> network.poke("held"));
    assertThat(pods()).isEqualTo(held);
    assertThat(network.status().rollout().phase()).isEqualTo(Phase.PAUSED);
    network.apply(TestNetwork.IPIP + "rollout: {onFailure: Pause}").awaitReady();
  }

  @Test
  void aSecondChangeInTheMiddleGoesBackToWhatRanEverywhere() {
    List<String> before = pods();
    nodes.agents().block(BackendType.IPIP);
    network.apply(TestNetwork.IPIP + "rollout: {onFailure: Pause}");
    awaitFirstNodeDone();
    network.apply(TestNetwork.IPIP + "mtu: 1400");
    awaitPhase(Phase.ROLLED_BACK);
    assertThat(network.status().applied().backend()).isEqualTo(BackendType.VXLAN);
    assertThat(pods()).hasSameSizeAs(before);
    assertThat(network.status().nodes()).allMatch(node -> "vxlan".equals(node.backend()));
  }

  private void awaitFirstNodeDone() {
    eventually(
        "begun",
        () -> {
          // The previous rollout's status has all nodes updated, so check the phase too.
          assertThat(network.status().rollout().phase()).isEqualTo(Phase.PROGRESSING);
          assertThat(network.status().rollout().updated()).isGreaterThanOrEqualTo(1);
        });
  }

  private void awaitPhase(Phase phase) {
    eventually(
        "rollout " + phase, () -> assertThat(network.status().rollout().phase()).isEqualTo(phase));
  }

  /** Returns the names of flannel's pods. */
  private static List<String> pods() {
    return cluster.flannelPods().map(pod -> pod.getMetadata().getName()).sorted().toList();
  }
}
