package io.flannel.operator.decide.rollout;

import static io.flannel.operator.decide.rollout.RolloutScenario.EARLIER;
import static io.flannel.operator.decide.rollout.RolloutScenario.running;
import static io.flannel.operator.flannel.Nodes.node;
import static io.flannel.operator.flannel.live.RolloutMarks.marks;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.Between;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a rollout may do, and what it compares the nodes with. */
class RolloutStateTest {
  @Test
  void aPausedRolloutOpensNoGateButAPodThatFallsIllAloneGetsItsOwn() {
    assertThat(state(forward("new"), true).mayOpenGates(false)).isTrue();
    assertThat(state(forward("new"), true).mayOpenGates(true)).isFalse();
    assertThat(state(forward("new"), false).mayOpenGates(true)).isTrue();
  }

  @Test
  void aRolloutBeginsWithATemplateThatIsNotTheLiveOne() {
    assertThat(state(forward("new"), false).begins(running("old"))).isTrue();
    assertThat(state(forward("old"), false).begins(running("old"))).isFalse();
    assertThat(state(forward("new"), false).begins(Clusters.cluster(node("n1")).state()))
        .as("an installation")
        .isFalse();
    assertThat(state(back(), false).begins(running("failed"))).isFalse();
  }

  @Test
  void onlyARolloutThatGoesBackWasRolledBack() {
    assertThat(state(back(), false).rolledBack())
        .contains(new RolledBack("failed", "", "it is ill"));
    assertThat(state(new RolloutAction.Forward(back().marks(), "1"), false).rolledBack()).isEmpty();
  }

  @Test
  void nodesThatJoinedAfterTheChangeReachedNobodyBefore() {
    assertThat(UnhealthyBaseline.newcomers(leases(), Optional.of(EARLIER)).marks()).isEmpty();
    Instant before = Instant.parse("2026-10-01T00:00:00Z");
    assertThat(UnhealthyBaseline.newcomers(leases(), Optional.of(before)).marks())
        .containsExactlyInAnyOrder("n1", "n2");
    assertThat(UnhealthyBaseline.newcomers(leases(), Optional.empty()).marks()).isEmpty();
  }

  @Test
  void nodesWithoutFlannelAreMarkedWhereOthersHaveIt() {
    FlannelPods one =
        new FlannelPods(
            List.of(pod("n1", Optional.of(EARLIER)), pod("n2", Optional.empty())), Map.of());
    UnhealthyBaseline baseline = UnhealthyBaseline.withoutFlannel(leases(), one);
    assertThat(baseline.marks()).containsExactly("n2:not-running");
    assertThat(baseline.wasWithoutFlannel("n2")).isTrue();
    assertThat(baseline.wasWithoutFlannel("n1")).isFalse();
    assertThat(baseline.has("n2")).as("its tunnels are another matter").isFalse();
    assertThat(UnhealthyBaseline.withoutFlannel(leases(), FlannelPods.NONE).marks()).isEmpty();
    UnhealthyBaseline more = baseline.and(new UnhealthyBaseline(Set.of("n1", "n1/n2")));
    assertThat(more.marks()).containsExactlyInAnyOrder("n1", "n1/n2", "n2:not-running");
    assertThat(more.withoutFlannel().marks()).containsExactly("n2:not-running");
  }

  @Test
  void asManyMarksAreKeptAsAnObjectHasRoomFor() {
    assertThat(many(2000).and(many(0)).marks()).hasSize(2000);
    assertThat(many(2001).and(many(0)).marks())
        .hasSize(2000)
        .contains("n0000", "n1999")
        .doesNotContain("n2000");
  }

  @Test
  void aPlaceWasIllIfItOrOneOfItsNodesWas() {
    UnhealthyBaseline ill = new UnhealthyBaseline(Set.of("n1/n2", "n3"));
    assertThat(ill.has(new Between("n1", "n2"))).isTrue();
    assertThat(ill.has(new At("n2", Optional.of("n1")))).isTrue();
    assertThat(ill.has(new Between("n1", "n3"))).isTrue();
    assertThat(ill.has(new Between("n1", "n4"))).isFalse();
    assertThat(ill.has(new At("n1", Optional.empty()))).isFalse();
  }

  @Test
  void whatIsRemovedOrMerelyAdvisedDoesNotHarm() {
    assertThat(UnhealthyBaseline.harms(TunnelProblem.PACKET_LOSS)).isTrue();
    assertThat(UnhealthyBaseline.harms(NodeFault.DEVICE_DOWN)).isTrue();
    assertThat(UnhealthyBaseline.harms(NodeFault.BRIDGE_MTU_WRONG)).isFalse();
    assertThat(UnhealthyBaseline.harms(NodeFault.ROUTE_STALE)).isFalse();
  }

  private static UnhealthyBaseline many(int count) {
    return new UnhealthyBaseline(
        IntStream.range(0, count).mapToObj("n%04d"::formatted).collect(Collectors.toSet()));
  }

  private static RolloutAction.Forward forward(String revision) {
    return new RolloutAction.Forward(marks(revision).get(), "1");
  }

  private static RolloutAction.Back back() {
    return new RolloutAction.Back(
        new RolloutAnnotations(
            "old",
            Optional.empty(),
            Optional.of("old"),
            Set.of(),
            Optional.of(new RolledBack("failed", "", "it is ill"))),
        "1");
  }

  private static RolloutState state(RolloutAction step, boolean underWay) {
    return new RolloutState(
        new RolloutGates(List.of(), List.of(), Optional.empty()),
        step,
        underWay,
        new SkippedNodes(List.of()));
  }

  private static List<NodeLease> leases() {
    return List.of(lease("n1"), lease("n2"));
  }

  private static NodeLease lease(String node) {
    return new NodeLease(node(node).get(), Optional.empty(), Optional.empty());
  }

  private static FlannelPod pod(String node, Optional<Instant> runningSince) {
    return new FlannelPod("pod-" + node, node, "old", "hash", runningSince, true);
  }
}
