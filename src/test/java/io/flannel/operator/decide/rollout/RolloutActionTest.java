package io.flannel.operator.decide.rollout;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.rollout.RolloutAction.Back;
import io.flannel.operator.decide.rollout.RolloutAction.Forward;
import io.flannel.operator.decide.rollout.RolloutGates.Waiting;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.LiveFlannel.PodCounts;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Forward, and when back. */
class RolloutActionTest {
  private static final Instant NOW = Instant.parse("2026-11-23T10:00:00Z");

  /** Before any Node was created. */
  private static final Instant BEFORE_ALL = Instant.parse("2026-10-01T00:00:00Z");

  private static final Instant EARLIER = Instant.parse("2026-11-23T09:00:00Z");
  private static final DesiredNetwork IPIP = Networks.ipip("10.244.0.0/16");
  private static final DesiredNetwork TWO_AT_ONCE =
      Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: ipip}, rollout: {maxUnavailable: 2}}");
  private static final RolloutAnnotations MARKS =
      new RolloutAnnotations(
          "a", Optional.of(EARLIER), Optional.empty(), Set.of(), Optional.empty());
  private static final Waiting ILL = new Waiting("n2", "EncapsulationBlocked at n2", true);

  @Test
  void anInstallationGoesToAllNodesAtOnceAndHasNowhereToGoBackTo() {
    RolloutAction step = decide("a", cluster(node("n1")).state(), Optional.empty(), null, true);
    assertThat(step)
        .isEqualTo(
            new Forward(
                new RolloutAnnotations(
                    "a", Optional.of(NOW), Optional.empty(), Set.of("n1"), Optional.empty()),
                "2"));
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
        live(
            new RolloutAnnotations(
                "b", Optional.of(EARLIER), Optional.of("a"), Set.of(), Optional.empty()),
            pod("n1", "b", true),
            pod("n2", "a", true));
    assertThat(decide("c", half, null).marks().previous()).contains("a");
  }

  @Test
  void theOthersFollowWhenTheFirstIsThrough() {
    RolloutAnnotations marks =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of(), Optional.empty());
    assertThat(decide("b", live(marks, pod("n1", "b", false), pod("n2", "a", true)), null))
        .isEqualTo(new Forward(marks, "1"));
    assertThat(decide("b", live(marks, pod("n1", "b", true), pod("n2", "a", true)), null))
        .isEqualTo(new Forward(marks, "2"));
    RolloutAnnotations through =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("b"), Set.of(), Optional.empty());
    assertThat(decide("b", live(marks, pod("n1", "b", true), pod("n2", "b", true)), null))
        .isEqualTo(new Forward(through, "2"));
  }

  @Test
  void aNodeThatIsJustGettingItsPodIsNotThrough() {
    RolloutAnnotations marks =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of(), Optional.empty());
    assertThat(decide("b", live(marks, pod("n1", "b", true)), null).marks()).isEqualTo(marks);
    assertThat(decide("b", live(marks), null).marks()).isEqualTo(marks);
  }

  @Test
  void whatBefallsANodeOnceTheRolloutIsThroughTakesNothingBack() {
    RolloutAnnotations through =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("b"), Set.of(), Optional.empty());
    // Its pod was deleted by hand, say, and its tunnel is ill.
    ClusterState later = live(through, pod("n1", "b", true), pod("n2", "b", false));
    assertThat(decide("b", later, ILL)).isEqualTo(new Forward(through, "2"));
    String hash = later.live().orElseThrow().configHash();
    assertThat(decide("b", later, Optional.of(stalled(hash)), null, true))
        .isInstanceOf(Forward.class);
    // And the next change, if it fails, goes back to what had been everywhere.
    assertThat(decide("c", later, null).marks().previous()).contains("b");
  }

  @Test
  void aChangeOnTheWayBackFromAnotherGoesBackToWhatRanBeforeBoth() {
    RolloutAnnotations back =
        new RolloutAnnotations(
            "a",
            Optional.of(EARLIER),
            Optional.of("a"),
            Set.of(),
            Optional.of(new RolledBack("b", "", "it failed")),
            true);
    ClusterState half = live(back, pod("n1", "a", true), pod("n2", "b", true));
    assertThat(decide("c", half, null).marks().previous()).contains("a");
    assertThat(decide("c", half, null).marks().cuts()).isTrue();
  }

  @Test
  void whoAsksForWhatRanBeforeInTheMiddleHasNowhereToGoBackTo() {
    RolloutAnnotations half =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of(), Optional.empty());
    RolloutAnnotations again =
        decide("a", live(half, pod("n1", "b", true), pod("n2", "a", true)), null).marks();
    assertThat(again.previous()).contains("a");
    assertThat(decide("a", live(again, pod("n1", "a", false), pod("n2", "a", true)), ILL))
        .isInstanceOf(Forward.class);
  }

  @Test
  void aNodeWhereFlannelDidNotRunBeforeStopsNothing() {
    FlannelPod broken = new FlannelPod("pod-n2", "n2", "a", "hash", Optional.empty(), false);
    RolloutAnnotations marks =
        decide("b", running("a", pod("n1", "a", true), broken), null).marks();
    assertThat(marks.unhealthyBefore()).contains("n2:not-running");
    assertThat(marks.previous()).contains("a");
    // Kubernetes replaces its pod first; the others have their turn all the same.
    FlannelPod still = new FlannelPod("pod-n2", "n2", "b", "hash", Optional.empty(), false);
    assertThat(decide("b", live(marks, pod("n1", "a", true), still), null).maxUnavailable())
        .isEqualTo("2");
    assertThat(decide("b", live(marks, pod("n1", "b", true), still), null).marks().isComplete())
        .isTrue();
    // It runs again, and then its kubelet is lost.
    FlannelPod runs = new FlannelPod("pod-n2", "n2", "a", "hash", Optional.of(EARLIER), false);
    RolloutAnnotations others =
        new RolloutAnnotations(
            "b",
            Optional.of(EARLIER),
            Optional.of("a"),
            Set.of("n2", "n2:not-running"),
            Optional.empty());
    assertThat(atOnce(others, pod("n1", "b", true), runs)).isEqualTo("3");
    // In the middle of a rollout a pod may be missing for that alone.
    assertThat(
            decide("c", live(marks, pod("n1", "b", true), broken), null).marks().unhealthyBefore())
        .contains("n2:not-running");
    FlannelPod starting = new FlannelPod("pod-n1", "n1", "b", "hash", Optional.empty(), false);
    assertThat(
            decide("c", live(marks, starting, pod("n2", "a", true)), null)
                .marks()
                .unhealthyBefore())
        .doesNotContain("n1:not-running");
  }

  @Test
  void thatANodeWhichJoinedLaterIsThroughShowsNothing() {
    RolloutAnnotations marks =
        new RolloutAnnotations(
            "b", Optional.of(BEFORE_ALL), Optional.of("a"), Set.of(), Optional.empty());
    assertThat(
            decide("b", live(marks, pod("n1", "b", true), pod("n2", "a", true)), null)
                .maxUnavailable())
        .isEqualTo("1");
  }

  @Test
  void thatANodeWhichWasIllIsThroughShowsNothingUnlessAllWere() {
    RolloutAnnotations one =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of("n1"), Optional.empty());
    FlannelPod first = pod("n1", "b", true);
    FlannelPod second = pod("n2", "a", true);
    assertThat(decide("b", live(one, first, second), null).maxUnavailable()).isEqualTo("1");
    RolloutAnnotations all =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of("n1", "n2"), Optional.empty());
    assertThat(decide("b", live(all, first, second), null).maxUnavailable()).isEqualTo("2");
  }

  /** Both nodes are without a lease, so ill: by the change that is under way, for all we know. */
  @Test
  void whatAnUnfinishedChangeMadeIllIsHeldAgainstTheNext() {
    RolloutAnnotations half =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of("n2"), Optional.empty());
    ClusterState broken = live(half, pod("n1", "b", false), pod("n2", "b", true));
    assertThat(decide("c", broken, null).marks().unhealthyBefore()).containsExactly("n2");
    ClusterState done = live(half, pod("n1", "b", true), pod("n2", "b", true));
    assertThat(decide("c", done, null).marks().unhealthyBefore())
        .containsExactlyInAnyOrder("n1", "n2");
    RolloutAnnotations newcomers =
        new RolloutAnnotations(
            "b", Optional.of(BEFORE_ALL), Optional.of("a"), Set.of(), Optional.empty());
    assertThat(
            decide("c", live(newcomers, pod("n1", "b", false), pod("n2", "b", true)), null)
                .marks()
                .unhealthyBefore())
        .as("they reached nobody before")
        .containsExactlyInAnyOrder("n1", "n2");
  }

  /** It was paused, say, when the last node was done, and then a node fell ill. */
  @Test
  void thatItWasSaidToBeThroughIsEnough() {
    RolloutAnnotations marks =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of(), Optional.empty());
    ClusterState later = live(marks, pod("n1", "b", true), pod("n2", "b", false));
    String hash = later.live().orElseThrow().configHash();
    RolloutAction step = decide("b", later, Optional.of(complete(hash, "09:00:01")), ILL, true);
    assertThat(step).isInstanceOf(Forward.class);
    assertThat(step.marks().isComplete()).isTrue();
    assertThat(decide("b", later, Optional.of(complete(hash, "08:59:59")), ILL, true))
        .as("of a rollout before")
        .isInstanceOf(Back.class);
  }

  private static Rollout complete(String hash, String startedAt) {
    return new Rollout(
        Phase.COMPLETE, 2, 2, null, hash, "2026-11-23T%sZ".formatted(startedAt), null, null, "");
  }

  @Test
  void aLostNodeUsesUpNothingOfWhatMayChangeAtOnceExceptAtItsOwnTurn() {
    RolloutAnnotations marks =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of(), Optional.empty());
    // Before its turn, without a pod, and after its turn.
    assertThat(atOnce(marks, pod("n1", "b", false), pod("n2", "a", true))).isEqualTo("2");
    assertThat(atOnce(marks, pod("n1", "b", true), pod("n2", "a", true))).isEqualTo("3");
    assertThat(atOnce(marks, pod("n1", "b", true), pod("n3", "a", true))).isEqualTo("3");
    assertThat(atOnce(marks, pod("n1", "a", true), pod("n2", "b", true))).isEqualTo("3");
    // At its turn.
    assertThat(atOnce(marks, pod("n1", "b", true), pod("n3", "a", true), pod("n2", "b", false)))
        .isEqualTo("2");
    // No rollout any more.
    assertThat(atOnce(marks, pod("n1", "b", true), pod("n2", "b", true))).isEqualTo("2");
  }

  /** With n2 lost. */
  private static String atOnce(RolloutAnnotations marks, FlannelPod... pods) {
    ClusterState state = live(marks, pods);
    ClusterState lost =
        new ClusterState(
            Nodes.list(node("n1"), node("n2").lost(), node("n3")),
            state.serviceRanges(),
            state.networks(),
            state.live(),
            state.foreign(),
            state.pods());
    return decide("b", lost, null).maxUnavailable();
  }

  @Test
  void thatAChangeCutsIsRememberedUntilItIsThrough() {
    // From another VNI to ipip cuts nothing; from another VNI of vxlan to this one does.
    DesiredNetwork vni2 =
        Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: {vni: 2}}}");
    FlannelPod first = pod("n1", "a", true);
    FlannelPod second = pod("n2", "a", true);
    RolloutAnnotations cutting = step(vni2, "b", vxlan(MARKS, first, second)).marks();
    assertThat(cutting.cuts()).isTrue();
    assertThat(step(TWO_AT_ONCE, "b", vxlan(MARKS, first, second)).marks().cuts()).isFalse();
    assertThat(RolloutAnnotations.read(cutting.annotations(), Map.of()).cuts()).isTrue();

    RolloutAnnotations half =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of(), Optional.empty(), true);
    assertThat(step(TWO_AT_ONCE, "c", vxlan(half, pod("n1", "b", true), second)).marks().cuts())
        .isTrue();
    assertThat(
            step(TWO_AT_ONCE, "c", vxlan(half, pod("n1", "b", true), pod("n2", "b", true)))
                .marks()
                .cuts())
        .isFalse();
  }

  private static RolloutAction step(DesiredNetwork wanted, String revision, ClusterState cluster) {
    return RolloutAction.decide(
        wanted,
        revision,
        "",
        cluster,
        NodeLease.judge(wanted, cluster),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        true,
        NOW);
  }

  /** Two nodes on vxlan. */
  private static ClusterState vxlan(RolloutAnnotations marks, FlannelPod... pods) {
    LiveFlannel live = Networks.live(Networks.vxlan("10.244.0.0/16"), 2);
    return cluster(
            node("n1").podCidr("10.244.1.0/24").leased("vxlan", "192.168.0.1"),
            node("n2").podCidr("10.244.2.0/24").leased("vxlan", "192.168.0.2"))
        .live(
            new LiveFlannel(live.configHash(), live.config(), live.template(), live.pods(), marks))
        .pods(new FlannelPods(List.of(pods), Map.of()))
        .state();
  }

  @Test
  void itGoesBackWhenANodeFellIllAndStaysThere() {
    RolloutAnnotations marks =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of("n9"), Optional.empty());
    RolloutAction back = decide("b", live(marks, pod("n1", "b", true), pod("n2", "b", false)), ILL);
    RolloutAnnotations after =
        new RolloutAnnotations(
            "a",
            Optional.of(NOW),
            Optional.of("a"),
            Set.of("n9"),
            Optional.of(new RolledBack("b", "", "n2: EncapsulationBlocked at n2")));
    assertThat(back).isEqualTo(new Back(after, "2"));
    assertThat(decide("b", live(after, pod("n1", "a", true), pod("n2", "b", false)), null))
        .isEqualTo(new Back(after, "2"));
    assertThat(decide("b", live(after, pod("n1", "a", true), pod("n2", "a", true)), null))
        .isEqualTo(new Back(after, "2"));
  }

  @Test
  void anotherTemplateOrAnotherAttemptGoesForwardAgain() {
    RolloutAnnotations after =
        new RolloutAnnotations(
            "a",
            Optional.of(EARLIER),
            Optional.empty(),
            Set.of(),
            Optional.of(new RolledBack("b", "monday", "it failed")));
    ClusterState back = live(after, pod("n1", "a", true));
    assertThat(attempt("b", "monday", back)).isInstanceOf(Back.class);
    assertThat(attempt("b", "tuesday", back)).isInstanceOf(Forward.class);
    assertThat(attempt("c", "monday", back)).isInstanceOf(Forward.class);
    assertThat(attempt("b", "tuesday", back).marks().rolledBack()).isEmpty();
  }

  @Test
  void whatFailedIsForgottenWhenWhatRanBeforeIsAskedForAndRunsEverywhere() {
    RolledBack failed = new RolledBack("b", "", "it failed");
    RolloutAnnotations after =
        new RolloutAnnotations(
            "a", Optional.of(EARLIER), Optional.empty(), Set.of(), Optional.of(failed));
    assertThat(attempt("a", "", live(after, pod("n1", "a", true))).marks().rolledBack()).isEmpty();
    ClusterState onItsWay = live(after, pod("n1", "a", true), pod("n2", "b", true));
    assertThat(attempt("a", "", onItsWay).marks().rolledBack()).contains(failed);
  }

  @Test
  void thatAnEarlierChangeStoodStillSaysNothingOfThis() {
    RolloutAnnotations marks =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of(), Optional.empty());
    ClusterState stuck = live(marks, pod("n1", "b", false), pod("n2", "a", true));
    Rollout before =
        new Rollout(
            Phase.STALLED,
            0,
            2,
            null,
            stuck.live().orElseThrow().configHash(),
            "2026-11-23T08:59:59.5Z",
            null,
            null,
            "0 of 2, and no further one");
    assertThat(decide("b", stuck, Optional.of(before), null, true)).isInstanceOf(Forward.class);
  }

  @Test
  void noProgressUntilTheDeadlineIsAFailure() {
    RolloutAnnotations marks =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of(), Optional.empty());
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
    RolloutAnnotations marks =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.of("a"), Set.of(), Optional.empty());
    ClusterState ill = live(marks, pod("n1", "b", true), pod("n2", "b", false));
    assertThat(decide("b", ill, Optional.empty(), ILL, false)).isInstanceOf(Forward.class);

    RolloutAnnotations first =
        new RolloutAnnotations(
            "b", Optional.of(EARLIER), Optional.empty(), Set.of(), Optional.empty());
    assertThat(decide("b", live(first, pod("n1", "b", false)), ILL)).isInstanceOf(Forward.class);

    assertThat(decide("b", live(marks, pod("n1", "b", true), pod("n2", "b", true)), ILL))
        .isInstanceOf(Forward.class);
  }

  private static Rollout stalled(String hash) {
    return new Rollout(
        Phase.STALLED, 0, 2, null, hash, null, null, null, "0 of 2, and no further one");
  }

  private static RolloutAction attempt(String wanted, String attempt, ClusterState cluster) {
    return RolloutAction.decide(
        TWO_AT_ONCE,
        wanted,
        attempt,
        cluster,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        true,
        NOW);
  }

  private static RolloutAction decide(String wanted, ClusterState cluster, @Nullable Waiting ill) {
    return decide(wanted, cluster, Optional.empty(), ill, true);
  }

  private static RolloutAction decide(
      String wanted,
      ClusterState cluster,
      Optional<Rollout> said,
      @Nullable Waiting ill,
      boolean mayGoBack) {
    return RolloutAction.decide(
        TWO_AT_ONCE,
        wanted,
        "",
        cluster,
        NodeLease.judge(TWO_AT_ONCE, cluster),
        Optional.empty(),
        said,
        Optional.ofNullable(ill),
        mayGoBack,
        NOW);
  }

  private static ClusterState running(String revision, FlannelPod... pods) {
    return live(
        new RolloutAnnotations(
            revision, Optional.of(EARLIER), Optional.empty(), Set.of(), Optional.empty()),
        pods);
  }

  private static ClusterState live(RolloutAnnotations marks, FlannelPod... pods) {
    LiveFlannel live = Networks.live(IPIP, new PodCounts(true, 2, 2, 1, 1));
    return cluster(node("n1"), node("n2"))
        .live(
            new LiveFlannel(live.configHash(), live.config(), live.template(), live.pods(), marks))
        .pods(new FlannelPods(List.of(pods), Map.of()))
        .state();
  }

  private static FlannelPod pod(String node, String revision, boolean gateOpen) {
    return new FlannelPod("pod-" + node, node, revision, "hash", Optional.of(EARLIER), gateOpen);
  }
}
