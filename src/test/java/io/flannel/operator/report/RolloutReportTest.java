package io.flannel.operator.report;

import static io.flannel.operator.flannel.Networks.unmeasured;
import static io.flannel.operator.flannel.live.FlannelPodBuilder.podOn;
import static io.flannel.operator.flannel.live.PodCountsBuilder.counts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.api.RolloutBuilder;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How a rollout to the nodes is reported. Tunnels are not measured here. */
class RolloutReportTest {
  private static final DesiredNetwork IPIP = unmeasured("ipip", "10.244.0.0/16");
  private static final DesiredNetwork VXLAN = unmeasured("vxlan", "10.244.0.0/16");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @Test
  void anInstallationIsToldStepByStep() {
    StatusScenario life =
        new StatusScenario(IPIP).nodes(StatusScenario.free(1), StatusScenario.free(2));

    assertThat(life.report()).containsExactly("Normal Accepted");
    assertThat(life.says()).isEqualTo("Accepted Reconciling: Installing");
    assertThat(life.kstatus()).isEqualTo("InProgress");

    life.after(MINUTE).runs(IPIP, counts(0).unobserved().get());
    assertThat(life.happenings())
        .containsExactly(
            new NetworkEvent(
                false, "RolloutStarted", "configuration %s goes to 2 nodes".formatted(hash(IPIP))));
    assertThat(life.says()).isEqualTo("Accepted Reconciling: RollingOut");
    assertThat(rollout(life).message()).isEqualTo("0 of 2 nodes run the present configuration");

    life.after(MINUTE)
        .nodes(StatusScenario.ipipNode(1), StatusScenario.free(2))
        .runs(IPIP, counts(2).available(1).get());
    assertThat(life.report()).isEmpty();
    assertThat(life.status().problems()).describedAs("passing").isNullOrEmpty();

    life.after(MINUTE).nodes(StatusScenario.ipipNode(1), StatusScenario.ipipNode(2)).runs(IPIP, 2);
    assertThat(life.report()).containsExactly("Normal RolloutComplete", "Normal Ready");
    assertThat(life.says()).isEqualTo("Accepted Ready: AllNodesLeased");
    assertThat(life.condition("Ready").message())
        .isEqualTo("2 of 2 nodes have a lease and run the present configuration");
    assertThat(life.kstatus()).isEqualTo("Current");
  }

  @Test
  void aChangeIsARollout() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(VXLAN);
    assertThat(life.report()).containsExactly("Normal NotReady");
    assertThat(life.says()).isEqualTo("Accepted Reconciling: Installing");

    life.runs(VXLAN, counts(2).unobserved().get());
    assertThat(life.happenings())
        .containsExactly(
            new NetworkEvent(
                false,
                "RolloutStarted",
                "configuration %s replaces %s on 2 nodes".formatted(hash(VXLAN), hash(IPIP))));
    assertThat(rollout(life).updated()).describedAs("counts of the old template").isZero();

    life.after(MINUTE)
        .nodes(StatusScenario.leased(1, "vxlan"), StatusScenario.ipipNode(2))
        .runs(VXLAN, counts(2).updated(1).get());
    assertThat(life.report()).isEmpty();
    assertThat(life.status().nodes())
        .extracting(NodeStatus::name, NodeStatus::leased, NodeStatus::reason)
        .containsExactly(tuple("n2", false, "OtherBackend"), tuple("n1", true, null));
    assertThat(life.status().problems()).isNullOrEmpty();

    life.after(MINUTE)
        .nodes(StatusScenario.leased(1, "vxlan"), StatusScenario.leased(2, "vxlan"))
        .runs(VXLAN, 2);
    assertThat(life.report()).containsExactly("Normal RolloutComplete", "Normal Ready");
    assertThat(rollout(life))
        .isEqualTo(
            RolloutBuilder.in(Phase.COMPLETE)
                .updated(2)
                .total(2)
                .from(hash(IPIP))
                .to(hash(VXLAN))
                .startedAt("2026-11-23T10:01:00Z")
                .progressedAt("2026-11-23T10:03:00Z")
                .message("every node runs the present configuration")
                .get());
  }

  @Test
  void anotherChangeInTheSameSecondIsAnotherRollout() {
    DesiredNetwork second = unmeasured("vxlan", "10.244.0.0/15");
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, counts(2).unobserved().updated(0).get()).report();
    life.wants(second).runs(second, counts(2).unobserved().updated(0).get());
    assertThat(life.report()).containsExactly("Normal RolloutStarted");
  }

  @Test
  void aChangeOfThePodsAloneIsARolloutToo() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).runs(IPIP, counts(2).unobserved().get());
    assertThat(life.report()).containsExactly("Normal RolloutStarted", "Normal NotReady");
    assertThat(rollout(life).startedAt()).isEqualTo("2026-11-23T10:01:00Z");
    life.after(MINUTE).runs(IPIP, counts(2).updated(1).get());
    assertThat(life.report()).isEmpty();
    life.after(MINUTE).runs(IPIP, 2);
    assertThat(life.report()).containsExactly("Normal RolloutComplete", "Normal Ready");
  }

  @Test
  void deadlineDoesNotPassWhilePausedOrWithoutAnOperator() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, counts(2).updated(0).get()).report();
    life.after(MINUTE).paused(true).report();
    life.after(Duration.ofHours(1)).paused(false).report();
    assertThat(rollout(life).phase()).isEqualTo(Phase.PROGRESSING);
    life.after(Duration.ofMinutes(10)).report();
    assertThat(rollout(life).phase()).isEqualTo(Phase.PROGRESSING);

    life.after(Duration.ofHours(1)).restarted().report();
    assertThat(rollout(life).phase()).isEqualTo(Phase.PROGRESSING);
    life.after(Duration.ofMinutes(10)).after(Duration.ofSeconds(1)).report();
    assertThat(rollout(life).phase()).isEqualTo(Phase.STALLED);
  }

  @Test
  void aRolloutWithoutProgressStallsAndGoesOnWhenItMoves() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, counts(2).updated(0).get()).report();
    life.after(Duration.ofMinutes(9))
        .nodes(StatusScenario.leased(1, "vxlan"), StatusScenario.ipipNode(2));
    life.runs(VXLAN, counts(2).updated(1).available(1).get()).report();

    life.after(Duration.ofMinutes(10));
    assertThat(life.report()).describedAs("just within the deadline").isEmpty();
    life.after(Duration.ofSeconds(1));
    assertThat(life.happenings())
        .containsExactly(
            new NetworkEvent(
                true,
                "RolloutStalled",
                "1 of 2 nodes run the present configuration, and no further one was done for 10m;"
                    + " look at the pods that are not ready: kubectl -n kube-flannel get pods -o"
                    + " wide"),
            new NetworkEvent(
                true,
                "OtherBackend",
                "node n2 still publishes another backend's lease, which its peers ignore; what to"
                    + " do: wait for the rollout to reach the node; if it does not, look at the"
                    + " node's flannel pod: kubectl -n kube-flannel get pods -o wide"));
    assertThat(life.says()).isEqualTo("Accepted Stalled: RolloutStalled");
    assertThat(life.kstatus()).isEqualTo("Failed");
    assertThat(life.after(Duration.ofHours(1)).report()).isEmpty();

    life.nodes(StatusScenario.leased(1, "vxlan"), StatusScenario.leased(2, "vxlan"));
    life.runs(VXLAN, counts(3).updated(2).available(2).get());
    assertThat(life.report()).containsExactly("Normal RolloutResumed", "Normal ProblemSolved");
    assertThat(life.kstatus()).isEqualTo("InProgress");
    life.runs(VXLAN, 2);
    assertThat(life.report()).containsExactly("Normal RolloutComplete", "Normal Ready");
  }

  @Test
  void aPodThatIsStartingIsNotDone() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, counts(2).updated(1).available(1).get());
    life.pods(onePod(Optional.empty(), false));
    life.report();
    assertThat(rollout(life).updated()).isZero();

    // Its containers are ready, but its node is still being measured.
    life.pods(onePod(Optional.of(StatusScenario.BEGIN), false));
    life.report();
    assertThat(rollout(life).updated()).isZero();
    assertThat(rollout(life).expectedEnd()).isNull();

    life.pods(onePod(Optional.of(StatusScenario.BEGIN), true));
    life.report();
    assertThat(rollout(life).updated()).isEqualTo(1);
  }

  @Test
  void itIsThroughWhenTheOthersTakeAsLong() {
    StatusScenario life = StatusScenario.running(IPIP).nodes(leasedNodes(4)).runs(IPIP, 4);
    life.report();
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, counts(4).updated(0).get()).report();
    assertThat(rollout(life).expectedEnd()).isNull();

    life.after(MINUTE).runs(VXLAN, counts(4).updated(1).get()).report();
    assertThat(rollout(life).expectedEnd()).isEqualTo("2026-11-23T10:05:00Z");
    life.after(MINUTE.multipliedBy(3)).runs(VXLAN, counts(4).updated(2).get()).report();
    assertThat(rollout(life).expectedEnd()).isEqualTo("2026-11-23T10:09:00Z");

    life.after(MINUTE.multipliedBy(4)).report();
    assertThat(rollout(life).expectedEnd()).isEqualTo("2026-11-23T10:09:00Z");
    life.after(Duration.ofSeconds(1)).report();
    assertThat(rollout(life).expectedEnd()).as("it is later already").isNull();
  }

  @Test
  void goingBackwardIsNoProgress() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, counts(2).updated(1).available(1).get()).report();
    life.after(Duration.ofMinutes(8)).runs(VXLAN, counts(2).updated(1).available(0).get()).report();
    assertThat(rollout(life).progressedAt()).isEqualTo("2026-11-23T10:01:00Z");
    life.after(Duration.ofMinutes(3)).report();
    assertThat(rollout(life).phase()).isEqualTo(Phase.STALLED);
  }

  @Test
  void aPodThatFallsIllLaterIsNoRollout() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).runs(IPIP, counts(2).available(1).get());
    assertThat(life.report()).containsExactly("Warning NotReady");
    assertThat(life.says()).isEqualTo("Accepted: PodsNotReady");
    assertThat(rollout(life).phase()).isEqualTo(Phase.COMPLETE);
    assertThat(rollout(life).message())
        .isEqualTo("every node was done; now flannel's pod is ready on 1 of 2");
    assertThat(life.condition("Ready").message())
        .isEqualTo(
            "flannel's pod is not ready on 1 of 2 nodes: kubectl -n kube-flannel get pods -o wide");
    assertThat(life.after(Duration.ofHours(1)).report()).describedAs("nor does it stall").isEmpty();
    assertThat(life.runs(IPIP, 2).report()).containsExactly("Normal Ready");
  }

  @Test
  void aPodThatIsDeletedIsNoRollout() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).runs(IPIP, counts(2).scheduled(1).updated(1).available(1).get()).report();
    assertThat(rollout(life).phase()).isEqualTo(Phase.COMPLETE);
    assertThat(rollout(life).startedAt()).isEqualTo("2026-11-23T10:00:00Z");
  }

  @Test
  void aNodeThatJoinsIsNoRollout() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE)
        .nodes(StatusScenario.ipipNode(1), StatusScenario.ipipNode(2), StatusScenario.free(3))
        .runs(IPIP, counts(3).scheduled(2).updated(2).available(2).get());
    assertThat(life.report()).containsExactly("Warning NotRegistered", "Warning NotReady");
    assertThat(rollout(life).phase()).isEqualTo(Phase.COMPLETE);
    assertThat(life.says()).isEqualTo("Accepted: NodesWithoutLease");
    assertThat(life.condition("Ready").message())
        .isEqualTo("1 of 3 nodes have no valid lease: n3; problems names the causes");
    assertThat(life.status().summary())
        .isEqualTo(new FlannelNetworkStatus.Summary(3, 2, null, null, null, 3));

    life.after(MINUTE)
        .nodes(StatusScenario.ipipNode(1), StatusScenario.ipipNode(2), StatusScenario.ipipNode(3))
        .runs(IPIP, 3);
    assertThat(life.report()).containsExactly("Normal ProblemSolved", "Normal Ready");
    assertThat(rollout(life).startedAt()).isEqualTo("2026-11-23T10:00:00Z");
  }

  @Test
  void anAdoptedRolloutThatIsDoneIsComplete() {
    StatusScenario life = new StatusScenario(IPIP).nodes(StatusScenario.ipipNode(1)).runs(IPIP, 1);
    assertThat(life.report())
        .containsExactly("Normal Accepted", "Normal RolloutComplete", "Normal Ready");
  }

  @Test
  void aRolloutThatIsPausedIsResumed() {
    StatusScenario life = StatusScenario.running(IPIP);
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, counts(2).updated(0).get()).report();
    life.after(MINUTE).paused(true);
    assertThat(life.report()).containsExactly("Normal RolloutPaused");
    assertThat(life.status().problems()).describedAs("passing").isNullOrEmpty();
    assertThat(life.after(Duration.ofMinutes(1)).report()).isEmpty();
    assertThat(life.paused(false).report()).containsExactly("Normal RolloutResumed");
  }

  @Test
  void aDeletedDaemonSetIsInstalledAnew() {
    StatusScenario life = StatusScenario.running(IPIP);
    assertThat(life.after(MINUTE).runsNothing().report()).containsExactly("Normal NotReady");
    assertThat(life.says()).isEqualTo("Accepted Reconciling: Installing");
    life.runs(IPIP, counts(2).scheduled(0).updated(0).available(0).get());
    assertThat(life.report()).containsExactly("Normal RolloutStarted");
  }

  @Test
  void itIsThroughWhenTheLastNodeIsRegisteredNotWhenItsPodIsReady() {
    StatusScenario life =
        new StatusScenario(IPIP)
            .nodes(StatusScenario.ipipNode(1), StatusScenario.free(2))
            .runs(IPIP, 2);
    assertThat(life.report()).containsExactly("Normal Accepted", "Normal RolloutStarted");
    assertThat(life.status().problems()).isNullOrEmpty();

    life.nodes(StatusScenario.ipipNode(1), StatusScenario.ipipNode(2));
    assertThat(life.report()).containsExactly("Normal RolloutComplete", "Normal Ready");

    // After the rollout it is the node's problem.
    life.after(MINUTE).nodes(StatusScenario.ipipNode(1), StatusScenario.free(2));
    assertThat(life.report()).containsExactly("Warning NotRegistered", "Warning NotReady");
    assertThat(rollout(life).phase()).isEqualTo(Phase.COMPLETE);
  }

  /** Returns the first node's pod, made from VXLAN's template. */
  private static FlannelPods onePod(Optional<Instant> runningSince, boolean gateOpen) {
    FlannelPod pod =
        podOn("n1")
            .configHash(hash(VXLAN))
            .runningSince(runningSince.orElse(null))
            .gateOpen(gateOpen)
            .get();
    return new FlannelPods(List.of(pod), Map.of());
  }

  private static Nodes[] leasedNodes(int count) {
    return IntStream.rangeClosed(1, count).mapToObj(StatusScenario::ipipNode).toArray(Nodes[]::new);
  }

  private static Rollout rollout(StatusScenario life) {
    return Objects.requireNonNull(life.status().rollout());
  }

  private static String hash(DesiredNetwork network) {
    return NetConf.of(network).hash();
  }
}
