package io.flannel.operator.decide.rollout;

import static io.flannel.operator.decide.rollout.RolloutScenario.BEFORE_ALL;
import static io.flannel.operator.decide.rollout.RolloutScenario.EARLIER;
import static io.flannel.operator.decide.rollout.RolloutScenario.decide;
import static io.flannel.operator.decide.rollout.RolloutScenario.live;
import static io.flannel.operator.decide.rollout.RolloutScenario.marks;
import static io.flannel.operator.decide.rollout.RolloutScenario.pod;
import static io.flannel.operator.decide.rollout.RolloutScenario.running;
import static io.flannel.operator.flannel.Nodes.node;
import static io.flannel.operator.flannel.live.FlannelPodBuilder.podOn;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import org.junit.jupiter.api.Test;

/** How many nodes change at once when some are lost, new or were unhealthy before. */
class RolloutPaceTest {
  @Test
  void aNodeWhereFlannelDidNotRunBeforeStopsNothing() {
    FlannelPod broken = podOn("n2").revision("a").get();
    RolloutAnnotations marks =
        decide("b", running("a", pod("n1", "a", true), broken), null).marks();
    assertThat(marks.unhealthyBefore()).contains("n2:not-running");
    assertThat(marks.previous()).contains("a");
    // Kubernetes replaces its pod first, and the other nodes are still changed.
    FlannelPod still = podOn("n2").revision("b").get();
    assertThat(decide("b", live(marks, pod("n1", "a", true), still), null).maxUnavailable())
        .isEqualTo("2");
    assertThat(decide("b", live(marks, pod("n1", "b", true), still), null).marks().isComplete())
        .isTrue();
    // It runs again, and then its kubelet is lost.
    FlannelPod runs = podOn("n2").revision("a").runningSince(EARLIER).get();
    RolloutAnnotations others =
        marks("b").previous("a").unhealthyBefore("n2", "n2:not-running").get();
    assertThat(atOnce(others, pod("n1", "b", true), runs)).isEqualTo("3");
    // During a rollout a pod may be missing only because of it, so the earlier marks stay.
    assertThat(
            decide("c", live(marks, pod("n1", "b", true), broken), null).marks().unhealthyBefore())
        .contains("n2:not-running");
    FlannelPod starting = podOn("n1").revision("b").get();
    assertThat(
            decide("c", live(marks, starting, pod("n2", "a", true)), null)
                .marks()
                .unhealthyBefore())
        .doesNotContain("n1:not-running");
  }

  @Test
  void nodeThatJoinedLaterShowsNothingByBeingThrough() {
    RolloutAnnotations marks = marks("b").changedAt(BEFORE_ALL).previous("a").get();
    assertThat(
            decide("b", live(marks, pod("n1", "b", true), pod("n2", "a", true)), null)
                .maxUnavailable())
        .isEqualTo("1");
  }

  @Test
  void nodeThatWasIllShowsNothingByBeingThroughUnlessAllWere() {
    RolloutAnnotations one = marks("b").previous("a").unhealthyBefore("n1").get();
    FlannelPod first = pod("n1", "b", true);
    FlannelPod second = pod("n2", "a", true);
    assertThat(decide("b", live(one, first, second), null).maxUnavailable()).isEqualTo("1");
    RolloutAnnotations all = marks("b").previous("a").unhealthyBefore("n1", "n2").get();
    assertThat(decide("b", live(all, first, second), null).maxUnavailable()).isEqualTo("2");
  }

  /** Both nodes have no lease and so are unhealthy, perhaps because of the unfinished change. */
  @Test
  void whatAnUnfinishedChangeMadeIllIsHeldAgainstTheNext() {
    RolloutAnnotations half = marks("b").previous("a").unhealthyBefore("n2").get();
    ClusterState broken = live(half, pod("n1", "b", false), pod("n2", "b", true));
    assertThat(decide("c", broken, null).marks().unhealthyBefore()).containsExactly("n2");
    ClusterState done = live(half, pod("n1", "b", true), pod("n2", "b", true));
    assertThat(decide("c", done, null).marks().unhealthyBefore())
        .containsExactlyInAnyOrder("n1", "n2");
    RolloutAnnotations newcomers = marks("b").changedAt(BEFORE_ALL).previous("a").get();
    assertThat(
            decide("c", live(newcomers, pod("n1", "b", false), pod("n2", "b", true)), null)
                .marks()
                .unhealthyBefore())
        .as("they reached nobody before")
        .containsExactlyInAnyOrder("n1", "n2");
  }

  @Test
  void aLostNodeUsesUpNothingOfWhatMayChangeAtOnceExceptAtItsOwnTurn() {
    RolloutAnnotations marks = marks("b").previous("a").get();
    // One more than without n2: before its update, without a pod, and after its update.
    assertThat(atOnce(marks, pod("n1", "b", false), pod("n2", "a", true))).isEqualTo("2");
    assertThat(atOnce(marks, pod("n1", "b", true), pod("n2", "a", true))).isEqualTo("3");
    assertThat(atOnce(marks, pod("n1", "b", true), pod("n3", "a", true))).isEqualTo("3");
    assertThat(atOnce(marks, pod("n1", "a", true), pod("n2", "b", true))).isEqualTo("3");
    // No more during its update, which may be the cause.
    assertThat(atOnce(marks, pod("n1", "b", true), pod("n3", "a", true), pod("n2", "b", false)))
        .isEqualTo("2");
    // The rollout is over.
    assertThat(atOnce(marks, pod("n1", "b", true), pod("n2", "b", true))).isEqualTo("2");
  }

  /** Returns how many nodes may change at once when n2 is lost. */
  private static String atOnce(RolloutAnnotations marks, FlannelPod... pods) {
    ClusterState state = live(marks, pods);
    ClusterState lost =
        new ClusterState(
            Nodes.list(node("n1"), node("n2").lost(), node("n3")),
            state.serviceRanges(),
            state.networks(),
            state.live(),
            state.foreign(),
            state.pods(),
            state.others());
    return decide("b", lost, null).maxUnavailable();
  }
}
