package io.flannel.operator.decide.rollout;

import static io.flannel.operator.decide.health.TunnelScenario.NOW;
import static io.flannel.operator.decide.health.TunnelScenario.name;
import static io.flannel.operator.flannel.live.FlannelPodBuilder.podOn;
import static io.flannel.operator.flannel.live.PodCountsBuilder.counts;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.health.TunnelIssue;
import io.flannel.operator.decide.health.TunnelScenario;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** When the gate of a changed node opens, judged by its tunnels. */
class RolloutGatesTest {
  private static final DesiredNetwork NETWORK = Networks.ipip("10.0.0.0/8");
  private static final DesiredNetwork UNMEASURED = Networks.unmeasured("ipip", "10.0.0.0/8");
  private static final String A = name(0);
  private static final String B = name(1);
  private static final Instant LONG_BEFORE = Instant.parse("2026-11-22T00:00:00Z");
  private static final Duration MEASURED = RolloutGates.measured(NETWORK.health());

  private final TunnelScenario lab = new TunnelScenario(5);
  private Set<String> unhealthyBefore = Set.of();
  private Instant changedAt = Instant.parse("2026-11-22T00:00:00Z");
  private String podsBackend = "ipip";
  private Optional<RolledBack> rolledBack = Optional.empty();
  private Duration toldFor = Duration.ofDays(1);

  @Test
  void aNodeIsThroughWhenItWasMeasured() {
    RolloutGates early = gates(MEASURED.minusSeconds(1));
    assertThat(early.open()).isEmpty();
    assertThat(early.lookAgain()).contains(Duration.ofSeconds(1));
    assertThat(early.failed()).isEmpty();
    assertThat(gates(MEASURED).open()).containsExactly("pod-" + A);
  }

  @Test
  void aPodThatDoesNotRunIsWaitedFor() {
    RolloutGates gates = judge(NETWORK, podOn(A).revision("r").get());
    assertThat(gates.open()).isEmpty();
    assertThat(gates.waiting())
        .containsExactly(new RolloutGates.Waiting(A, "its flannel pod is not running", false));
  }

  @Test
  void aNodeThatFlannelHasNotRegisteredAnewIsWaitedFor() {
    podsBackend = "vxlan";
    RolloutGates gates = gates(MEASURED.multipliedBy(5));
    assertThat(gates.open()).isEmpty();
    assertThat(gates.waiting())
        .singleElement()
        .satisfies(it -> assertThat(it.why()).isEqualTo("flannel has not registered it again yet"));
  }

  @Test
  void aNodeThatFellIllStopsItAndInTimeFails() {
    lab.blocked(A);
    RolloutGates stopped = gates(MEASURED);
    assertThat(stopped.open()).isEmpty();
    assertThat(stopped.waiting())
        .singleElement()
        .satisfies(it -> assertThat(it.why()).isEqualTo("EncapsulationBlocked at " + A));
    assertThat(stopped.failed()).isEmpty();
    assertThat(stopped.lookAgain()).contains(MEASURED);
    assertThat(gates(MEASURED.multipliedBy(2)).failed()).isPresent();
  }

  /** The gate stayed closed for another reason, or because no operator ran. */
  @Test
  void whatHasOnlyJustBeenSeenFailsNothing() {
    lab.blocked(A);
    toldFor = Duration.ofSeconds(1);
    RolloutGates gates = gates(MEASURED.multipliedBy(10));
    assertThat(gates.open()).isEmpty();
    assertThat(gates.failed()).isEmpty();
    assertThat(gates.lookAgain()).contains(MEASURED.minusSeconds(1));
    toldFor = MEASURED;
    assertThat(gates(MEASURED.multipliedBy(10)).failed()).isPresent();
  }

  @Test
  void rollBackWaitsForNothingThatOnlyTheOtherNodesCanMend() {
    lab.blocked(A, B);
    rolledBack = Optional.of(new RolledBack("failed", "", "it failed"));
    assertThat(gates(MEASURED.minusSeconds(1)).open()).isEmpty();
    assertThat(gates(MEASURED).open()).containsExactly("pod-" + A);
  }

  @Test
  void aPairThatFellIllStopsEitherEnd() {
    lab.blocked(A, B);
    assertThat(gates(MEASURED.multipliedBy(2)).failed().orElseThrow().why())
        .isEqualTo("EncapsulationBlocked between %s and %s".formatted(A, B));
  }

  @Test
  void whatIsNotDecidedYetIsWaitedFor() {
    lab.lies(A, B, PathState.TUNNEL_LOST).since(Duration.ofSeconds(1));
    RolloutGates gates = gates(MEASURED);
    assertThat(gates.open()).isEmpty();
    assertThat(gates.failed()).isEmpty();
    unhealthyBefore = Set.of(A);
    assertThat(gates(MEASURED).open()).isEmpty();
  }

  /** That node was deleted while flanneld was being replaced here. */
  @Test
  void aRouteToANodeThatIsGoneStopsNothing() {
    lab.finds(A, NodeFault.ROUTE_STALE, null);
    RolloutGates gates = gates(MEASURED.multipliedBy(2));
    assertThat(gates.open()).containsExactly("pod-" + A);
    assertThat(gates.failed()).isEmpty();
  }

  @Test
  void nodeThatIsIllElsewhereStopsNobody() {
    lab.blocked(B);
    assertThat(gates(MEASURED).open()).containsExactly("pod-" + A);
  }

  @Test
  void whatWasIllBeforeStopsNothing() {
    lab.blocked(A);
    unhealthyBefore = Set.of(A);
    assertThat(gates(MEASURED).open()).as("it may get well yet").isEmpty();
    RolloutGates later = gates(MEASURED.multipliedBy(2));
    assertThat(later.open()).containsExactly("pod-" + A);
    assertThat(later.failed()).isEmpty();
  }

  @Test
  void nodeThatWasIllIsThroughAtOnceWhenItIsWell() {
    unhealthyBefore = Set.of(A);
    assertThat(gates(Duration.ZERO).open()).containsExactly("pod-" + A);
  }

  @Test
  void aPairThatWasIllBeforeStopsNothingButAnotherDoes() {
    lab.blocked(A, B);
    unhealthyBefore = Set.of(A + "/" + B);
    assertThat(gates(MEASURED).open()).containsExactly("pod-" + A);
    lab.blocked(A, name(2));
    assertThat(gates(MEASURED).open()).isEmpty();
  }

  @Test
  void aPodWithAnOlderMtuIsAdviceAndStopsNothing() {
    lab.finds(A, NodeFault.BRIDGE_MTU_WRONG, null);
    assertThat(gates(MEASURED).open()).containsExactly("pod-" + A);
  }

  @Test
  void aNodeThatJoinedMeanwhileHasNothingToReachAgain() {
    lab.blocked(A);
    changedAt = Instant.parse("2026-10-01T00:00:00Z");
    assertThat(gates(MEASURED.multipliedBy(2)).open()).containsExactly("pod-" + A);
  }

  @Test
  void leaseIsEnoughWithoutMeasuring() {
    assertThat(judge(UNMEASURED, pod(A, Duration.ZERO)).open()).containsExactly("pod-" + A);
  }

  @Test
  void anOpenGateStaysOpen() {
    lab.blocked(A);
    RolloutGates gates =
        judge(NETWORK, podOn(A).revision("r").runningSince(LONG_BEFORE).gateOpen().get());
    assertThat(gates.open()).isEmpty();
    assertThat(gates.waiting()).isEmpty();
  }

  /** A fault from before the change is never blamed on it. */
  @Property(tries = 100)
  void aChangeThatChangesNothingIsThrough(
      @ForAll @IntRange(min = 0, max = 4) int ill, @ForAll @IntRange(min = 0, max = 4) int peer) {
    if (ill == peer) {
      lab.blocked(name(ill));
    } else {
      lab.blocked(name(ill), name(peer));
    }
    unhealthyBefore = UnhealthyBaseline.of(lab.leases(), Optional.of(lab.verdicts())).marks();
    for (int node = 0; node < 5; node++) {
      assertThat(judge(NETWORK, pod(name(node), MEASURED.multipliedBy(2))).open()).hasSize(1);
    }
  }

  private RolloutGates gates(Duration running) {
    return judge(NETWORK, pod(A, running));
  }

  private static FlannelPod pod(String node, Duration running) {
    return podOn(node).revision("r").runningSince(NOW.minus(running)).get();
  }

  private RolloutGates judge(DesiredNetwork network, FlannelPod pod) {
    LiveFlannel live = Networks.live(network, counts(5).get());
    AppliedConfig config =
        AppliedConfig.read(
                "{\"Network\": \"10.0.0.0/8\", \"Backend\": {\"Type\": \"%s\"}}"
                    .formatted(podsBackend),
                "{}")
            .orElseThrow();
    ClusterState cluster =
        Clusters.cluster(lab.leases().stream().map(NodeLease::node).toList())
            .live(
                new LiveFlannel(
                    live.configHash(),
                    live.config(),
                    live.template(),
                    live.pods(),
                    new RolloutAnnotations(
                        "r",
                        Optional.of(changedAt),
                        Optional.of("before"),
                        unhealthyBefore,
                        rolledBack)))
            .pods(new FlannelPods(List.of(pod), Map.of("hash", config)))
            .state();
    return RolloutGates.judge(
        new Observation(network, cluster, lab.reports(), Optional.of(said()), lab.leases(), NOW),
        network.health().enabled() ? Optional.of(lab.verdicts()) : Optional.empty());
  }

  /**
   * The status as last written. It has told the nodes' faults for {@code toldFor}, and the same
   * problems elsewhere for longer.
   */
  private FlannelNetworkStatus said() {
    String since = NOW.minus(toldFor).toString();
    List<Problem> problems = new ArrayList<>();
    List<NodeStatus> nodes = new ArrayList<>();
    for (TunnelIssue trouble : lab.verdicts().troubles()) {
      String reason = trouble.cause().reason();
      problems.add(new Problem(reason, "wrong", List.of(), LONG_BEFORE.toString(), null));
      trouble.places().stream()
          .flatMap(UnhealthyBaseline::ends)
          .forEach(node -> nodes.add(node(node, reason, since)));
    }
    return new FlannelNetworkStatus(
        null, null, null, null, null, null, nodes, null, problems, null);
  }

  private static NodeStatus node(String name, String reason, String since) {
    return new NodeStatus(
        name, null, null, null, null, null, null, null, null, reason, null, null, null, since);
  }
}
