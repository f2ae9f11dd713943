package io.flannel.operator.decide.rollout;

import static io.flannel.operator.decide.rollout.RolloutScenario.ILL;
import static io.flannel.operator.decide.rollout.RolloutScenario.NOW;
import static io.flannel.operator.decide.rollout.RolloutScenario.attempt;
import static io.flannel.operator.decide.rollout.RolloutScenario.decide;
import static io.flannel.operator.decide.rollout.RolloutScenario.live;
import static io.flannel.operator.decide.rollout.RolloutScenario.marks;
import static io.flannel.operator.decide.rollout.RolloutScenario.pod;
import static io.flannel.operator.decide.rollout.RolloutScenario.stalled;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.api.RolloutBuilder;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.rollout.RolloutAction.Back;
import io.flannel.operator.decide.rollout.RolloutAction.Forward;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** When a rollout is rolled back, and when it goes forward again. */
class RolloutBackTest {
  @Test
  void itGoesBackWhenANodeFellIllAndStaysThere() {
    RolloutAnnotations marks = marks("b").previous("a").unhealthyBefore("n9").get();
    RolloutAction back = decide("b", live(marks, pod("n1", "b", true), pod("n2", "b", false)), ILL);
    RolloutAnnotations after =
        marks("a")
            .changedAt(NOW)
            .previous("a")
            .unhealthyBefore("n9")
            .rolledBack(new RolledBack("b", "", "n2: EncapsulationBlocked at n2"))
            .get();
    assertThat(back).isEqualTo(new Back(after, "2"));
    assertThat(decide("b", live(after, pod("n1", "a", true), pod("n2", "b", false)), null))
        .isEqualTo(new Back(after, "2"));
    assertThat(decide("b", live(after, pod("n1", "a", true), pod("n2", "a", true)), null))
        .isEqualTo(new Back(after, "2"));
  }

  @Test
  void anotherTemplateOrAnotherAttemptGoesForwardAgain() {
    RolloutAnnotations after =
        marks("a").rolledBack(new RolledBack("b", "monday", "it failed")).get();
    ClusterState back = live(after, pod("n1", "a", true));
    assertThat(attempt("b", "monday", back)).isInstanceOf(Back.class);
    assertThat(attempt("b", "tuesday", back)).isInstanceOf(Forward.class);
    assertThat(attempt("c", "monday", back)).isInstanceOf(Forward.class);
    assertThat(attempt("b", "tuesday", back).marks().rolledBack()).isEmpty();
  }

  @Test
  void failureIsForgottenWhenTheEarlierTemplateIsAskedForAndRunsEverywhere() {
    RolledBack failed = new RolledBack("b", "", "it failed");
    RolloutAnnotations after = marks("a").rolledBack(failed).get();
    assertThat(attempt("a", "", live(after, pod("n1", "a", true))).marks().rolledBack()).isEmpty();
    ClusterState onItsWay = live(after, pod("n1", "a", true), pod("n2", "b", true));
    assertThat(attempt("a", "", onItsWay).marks().rolledBack()).contains(failed);
  }

  @Test
  void earlierStalledChangeSaysNothingOfThisOne() {
    RolloutAnnotations marks = marks("b").previous("a").get();
    ClusterState stuck = live(marks, pod("n1", "b", false), pod("n2", "a", true));
    Rollout before =
        RolloutBuilder.in(Phase.STALLED)
            .updated(0)
            .total(2)
            .to(stuck.live().orElseThrow().configHash())
            .startedAt("2026-11-23T08:59:59.5Z")
            .message("0 of 2, and no further one")
            .get();
    assertThat(decide("b", stuck, Optional.of(before), null, true)).isInstanceOf(Forward.class);
  }

  @Test
  void noProgressUntilTheDeadlineIsAFailure() {
    RolloutAnnotations marks = marks("b").previous("a").get();
    ClusterState stuck = live(marks, pod("n1", "b", false), pod("n2", "a", true));
    String hash = stuck.live().orElseThrow().configHash();
    RolloutAction step = decide("b", stuck, Optional.of(stalled(hash)), null, true);
    assertThat(step.marks().rolledBack())
        .contains(new RolledBack("b", "", "0 of 2, and no further one"));
    assertThat(decide("b", stuck, Optional.of(stalled("other")), null, true))
        .isInstanceOf(Forward.class);
  }

  @Test
  void itDoesNotGoBackWhereItMayNotOrCannotOrIsThrough() {
    RolloutAnnotations marks = marks("b").previous("a").get();
    ClusterState ill = live(marks, pod("n1", "b", true), pod("n2", "b", false));
    assertThat(decide("b", ill, Optional.empty(), ILL, false)).isInstanceOf(Forward.class);

    RolloutAnnotations first = marks("b").get();
    assertThat(decide("b", live(first, pod("n1", "b", false)), ILL)).isInstanceOf(Forward.class);

    assertThat(decide("b", live(marks, pod("n1", "b", true), pod("n2", "b", true)), ILL))
        .isInstanceOf(Forward.class);
  }
}
