package io.flannel.operator.decide.rollout;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.decide.rollout.RolloutScenario.ILL;
import static io.flannel.operator.decide.rollout.RolloutScenario.NOW;
import static io.flannel.operator.decide.rollout.RolloutScenario.TWO_AT_ONCE;
import static io.flannel.operator.decide.rollout.RolloutScenario.decide;
import static io.flannel.operator.decide.rollout.RolloutScenario.live;
import static io.flannel.operator.decide.rollout.RolloutScenario.marks;
import static io.flannel.operator.decide.rollout.RolloutScenario.pod;
import static io.flannel.operator.decide.rollout.RolloutScenario.running;
import static io.flannel.operator.decide.rollout.RolloutScenario.stalled;
import static io.flannel.operator.decide.rollout.RolloutScenario.vxlan;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.api.RolloutBuilder;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.rollout.RolloutAction.Back;
import io.flannel.operator.decide.rollout.RolloutAction.Forward;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a rollout remembers from change to change, and when it is complete. */
class RolloutForwardTest {
  @Test
  void anInstallationGoesToAllNodesAtOnceAndHasNowhereToGoBackTo() {
    RolloutAction step = decide("a", cluster(node("n1")).state(), Optional.empty(), null, true);
    assertThat(step)
        .isEqualTo(new Forward(marks("a").changedAt(NOW).unhealthyBefore("n1").get(), "2"));
  }

  @Test
  void aChangeRemembersWhatRanOnAllNodesAndSendsOneAlone() {
    RolloutAction step =
        decide("b", running("a", pod("n1", "a", true), pod("n2", "a", true)), null);
    assertThat(step.marks().revision()).isEqualTo("b");
    assertThat(step.marks().previous()).contains("a");
    assertThat(step.marks().changedAt()).contains(NOW);
    assertThat(step.maxUnavailable()).isEqualTo("1");
  }

  @Test
  void aChangeInTheMiddleOfAnotherRemembersTheOneBeforeBoth() {
    ClusterState half =
        live(marks("b").previous("a").get(), pod("n1", "b", true), pod("n2", "a", true));
    assertThat(decide("c", half, null).marks().previous()).contains("a");
  }

  @Test
  void theOthersFollowWhenTheFirstIsThrough() {
    RolloutAnnotations marks = marks("b").previous("a").get();
    assertThat(decide("b", live(marks, pod("n1", "b", false), pod("n2", "a", true)), null))
        .isEqualTo(new Forward(marks, "1"));
    assertThat(decide("b", live(marks, pod("n1", "b", true), pod("n2", "a", true)), null))
        .isEqualTo(new Forward(marks, "2"));
    RolloutAnnotations through = marks("b").previous("b").get();
    assertThat(decide("b", live(marks, pod("n1", "b", true), pod("n2", "b", true)), null))
        .isEqualTo(new Forward(through, "2"));
  }

  @Test
  void aNodeThatIsJustGettingItsPodIsNotThrough() {
    RolloutAnnotations marks = marks("b").previous("a").get();
    assertThat(decide("b", live(marks, pod("n1", "b", true)), null).marks()).isEqualTo(marks);
    assertThat(decide("b", live(marks), null).marks()).isEqualTo(marks);
  }

  @Test
  void nodeFailureAfterCompletedRolloutDoesNotRollBack() {
    RolloutAnnotations through = marks("b").previous("b").get();
    // For example, n2's pod was deleted by hand and its tunnel is unhealthy.
    ClusterState later = live(through, pod("n1", "b", true), pod("n2", "b", false));
    assertThat(decide("b", later, ILL)).isEqualTo(new Forward(through, "2"));
    String hash = later.live().orElseThrow().configHash();
    assertThat(decide("b", later, Optional.of(stalled(hash)), null, true))
        .isInstanceOf(Forward.class);
    // If the next change fails, it is rolled back to what ran everywhere.
    assertThat(decide("c", later, null).marks().previous()).contains("b");
  }

  @Test
  void aChangeOnTheWayBackFromAnotherGoesBackToWhatRanBeforeBoth() {
    RolloutAnnotations back =
        marks("a").previous("a").rolledBack(new RolledBack("b", "", "it failed")).cuts().get();
    ClusterState half = live(back, pod("n1", "a", true), pod("n2", "b", true));
    assertThat(decide("c", half, null).marks().previous()).contains("a");
    assertThat(decide("c", half, null).marks().cuts()).isTrue();
  }

  @Test
  void returnToTheEarlierTemplateInMidRolloutIsNotRolledBack() {
    RolloutAnnotations half = marks("b").previous("a").get();
    RolloutAnnotations again =
        decide("a", live(half, pod("n1", "b", true), pod("n2", "a", true)), null).marks();
    assertThat(again.previous()).contains("a");
    assertThat(decide("a", live(again, pod("n1", "a", false), pod("n2", "a", true)), ILL))
        .isInstanceOf(Forward.class);
  }

  /** For example, it was paused when the last node was done, and then a node became unhealthy. */
  @Test
  void rolloutThatWasReportedCompleteIsComplete() {
    RolloutAnnotations marks = marks("b").previous("a").get();
    ClusterState later = live(marks, pod("n1", "b", true), pod("n2", "b", false));
    String hash = later.live().orElseThrow().configHash();
    RolloutAction step = decide("b", later, Optional.of(complete(hash, "09:00:01")), ILL, true);
    assertThat(step).isInstanceOf(Forward.class);
    assertThat(step.marks().isComplete()).isTrue();
    assertThat(decide("b", later, Optional.of(complete(hash, "08:59:59")), ILL, true))
        .as("of a rollout before")
        .isInstanceOf(Back.class);
  }

  @Test
  void disruptionIsRememberedUntilTheRolloutIsComplete() {
    // A change to another VNI of vxlan cuts traffic; a change from vxlan to ipip does not.
    DesiredNetwork vni2 =
        Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: {vni: 2}}}");
    FlannelPod first = pod("n1", "a", true);
    FlannelPod second = pod("n2", "a", true);
    RolloutAnnotations cutting = decide(vni2, "b", vxlan(marks("a").get(), first, second)).marks();
    assertThat(cutting.cuts()).isTrue();
    assertThat(decide(TWO_AT_ONCE, "b", vxlan(marks("a").get(), first, second)).marks().cuts())
        .isFalse();
    assertThat(RolloutAnnotations.read(cutting.annotations(), Map.of()).cuts()).isTrue();

    RolloutAnnotations half = marks("b").previous("a").cuts().get();
    assertThat(decide(TWO_AT_ONCE, "c", vxlan(half, pod("n1", "b", true), second)).marks().cuts())
        .isTrue();
    assertThat(
            decide(TWO_AT_ONCE, "c", vxlan(half, pod("n1", "b", true), pod("n2", "b", true)))
                .marks()
                .cuts())
        .isFalse();
  }

  private static Rollout complete(String hash, String startedAt) {
    return RolloutBuilder.in(Phase.COMPLETE)
        .updated(2)
        .total(2)
        .to(hash)
        .startedAt("2026-11-23T%sZ".formatted(startedAt))
        .message("")
        .get();
  }
}
