package io.flannel.operator.report;

import static io.flannel.operator.overlay.Networks.ipip;
import static io.flannel.operator.overlay.Networks.vxlan;
import static io.flannel.operator.overlay.Networks.wanted;
import static io.flannel.operator.overlay.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Applied;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.overlay.ClusterNode;
import io.flannel.operator.overlay.LiveFlannel.PodCounts;
import io.flannel.operator.overlay.NetConf;
import io.flannel.operator.overlay.Nodes;
import io.flannel.operator.overlay.WantedNetwork;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StatusReportTest {
  private static final WantedNetwork IPIP = ipip("10.244.0.0/16");
  private static final WantedNetwork VXLAN = vxlan("10.244.0.0/16");
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @Test
  void anInstallationIsToldStepByStep() {
    Life life = new Life(IPIP).nodes(free(1), free(2));

    assertThat(life.report()).containsExactly("Normal Accepted");
    assertThat(life.says()).isEqualTo("Accepted Reconciling: Installing");
    assertThat(life.kstatus()).isEqualTo("InProgress");

    life.after(MINUTE).runs(IPIP, new PodCounts(false, 0, 0, 0, 0));
    assertThat(life.happenings())
        .containsExactly(
            new Happening(
                false, "RolloutStarted", "configuration %s goes to 2 nodes".formatted(hash(IPIP))));
    assertThat(life.says()).isEqualTo("Accepted Reconciling: RollingOut");
    assertThat(rollout(life).message()).isEqualTo("0 of 2 nodes run the present configuration");

    life.after(MINUTE).nodes(ipipNode(1), free(2)).runs(IPIP, new PodCounts(true, 2, 2, 2, 1));
    assertThat(life.report()).isEmpty();
    assertThat(life.status().problems()).describedAs("passing").isNullOrEmpty();

    life.after(MINUTE).nodes(ipipNode(1), ipipNode(2)).runs(IPIP, 2);
    assertThat(life.report()).containsExactly("Normal RolloutComplete", "Normal Ready");
    assertThat(life.says()).isEqualTo("Accepted Ready: AllNodesLeased");
    assertThat(life.condition("Ready").message())
        .isEqualTo("2 of 2 nodes have a lease and run the present configuration");
    assertThat(life.kstatus()).isEqualTo("Current");
  }

  @Test
  void theStatusOfARunningNetworkInFull() {
    Life life = running();
    assertThat(life.status().applied())
        .isEqualTo(
            new Applied(
                BackendType.IPIP, false, "10.244.0.0/16", null, null, hash(IPIP), "v0.28.10"));
    assertThat(life.status().rollout())
        .isEqualTo(
            new Rollout(
                Phase.COMPLETE,
                2,
                2,
                null,
                hash(IPIP),
                "2026-11-23T10:00:00Z",
                "2026-11-23T10:00:00Z",
                "every node runs the present configuration"));
    assertThat(life.status().summary()).isEqualTo(new Summary(2, 2, null, null, null, 2));
    assertThat(life.status().nodes())
        .first()
        .isEqualTo(
            new NodeStatus(
                "n1",
                true,
                "10.244.1.0/24",
                null,
                "192.168.0.1",
                "ipip",
                "flannel.ipip",
                null,
                Tunnel.UNKNOWN,
                null,
                null,
                null,
                null,
                null));
    assertThat(life.status().nodesOmitted()).isNull();
    assertThat(life.status().problems()).isNullOrEmpty();
  }

  @Test
  void whereNothingHappensNothingIsWritten() {
    Life life = running();
    FlannelNetworkStatus before = life.status();
    life.after(Duration.ofDays(30));
    assertThat(life.next()).isEqualTo(before);
  }

  @Test
  void timesAreInSeconds() {
    Life life = new Life(IPIP).after(Duration.ofMillis(1234));
    life.report();
    assertThat(life.condition("Accepted").lastTransitionTime()).isEqualTo("2026-11-23T10:00:01Z");
  }

  @Test
  void aTransitionTimeChangesWithTheStatusAndNotWithTheWords() {
    Life life = running();
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, new PodCounts(true, 2, 2, 0, 2)).report();
    assertThat(life.condition("Accepted").lastTransitionTime()).isEqualTo("2026-11-23T10:00:00Z");
    assertThat(life.condition("Accepted").observedGeneration()).isEqualTo(2L);
    assertThat(life.condition("Ready").lastTransitionTime()).isEqualTo("2026-11-23T10:01:00Z");
    assertThat(life.condition("Reconciling").lastTransitionTime())
        .isEqualTo("2026-11-23T10:01:00Z");

    life.after(MINUTE).runs(VXLAN, new PodCounts(true, 2, 2, 1, 2)).report();
    assertThat(life.condition("Reconciling").message()).startsWith("1 of 2 ");
    assertThat(life.condition("Reconciling").lastTransitionTime())
        .isEqualTo("2026-11-23T10:01:00Z");
  }

  @Test
  void aChangeIsARollout() {
    Life life = running();
    life.after(MINUTE).wants(VXLAN);
    assertThat(life.report()).containsExactly("Normal NotReady");
    assertThat(life.says()).isEqualTo("Accepted Reconciling: Installing");

    life.runs(VXLAN, new PodCounts(false, 2, 2, 2, 2));
    assertThat(life.happenings())
        .containsExactly(
            new Happening(
                false,
                "RolloutStarted",
                "configuration %s replaces %s on 2 nodes".formatted(hash(VXLAN), hash(IPIP))));
    assertThat(rollout(life).updated()).describedAs("counts of the old template").isZero();

    life.after(MINUTE)
        .nodes(leased(1, "vxlan"), ipipNode(2))
        .runs(VXLAN, new PodCounts(true, 2, 2, 1, 2));
    assertThat(life.report()).isEmpty();
    assertThat(life.status().nodes())
        .extracting(NodeStatus::name, NodeStatus::leased, NodeStatus::reason)
        .containsExactly(tuple("n2", false, "OtherBackend"), tuple("n1", true, null));
    assertThat(life.status().problems()).isNullOrEmpty();

    life.after(MINUTE).nodes(leased(1, "vxlan"), leased(2, "vxlan")).runs(VXLAN, 2);
    assertThat(life.report()).containsExactly("Normal RolloutComplete", "Normal Ready");
    assertThat(rollout(life))
        .isEqualTo(
            new Rollout(
                Phase.COMPLETE,
                2,
                2,
                hash(IPIP),
                hash(VXLAN),
                "2026-11-23T10:01:00Z",
                "2026-11-23T10:03:00Z",
                "every node runs the present configuration"));
  }

  @Test
  void anotherChangeInTheSameSecondIsAnotherRollout() {
    WantedNetwork second = vxlan("10.244.0.0/15");
    Life life = running();
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, new PodCounts(false, 2, 2, 0, 2)).report();
    life.wants(second).runs(second, new PodCounts(false, 2, 2, 0, 2));
    assertThat(life.report()).containsExactly("Normal RolloutStarted");
  }

  @Test
  void aChangeOfThePodsAloneIsARolloutToo() {
    Life life = running();
    life.after(MINUTE).runs(IPIP, new PodCounts(false, 2, 2, 2, 2));
    assertThat(life.report()).containsExactly("Normal RolloutStarted", "Normal NotReady");
    assertThat(rollout(life).startedAt()).isEqualTo("2026-11-23T10:01:00Z");
    life.after(MINUTE).runs(IPIP, new PodCounts(true, 2, 2, 1, 2));
    assertThat(life.report()).isEmpty();
    life.after(MINUTE).runs(IPIP, 2);
    assertThat(life.report()).containsExactly("Normal RolloutComplete", "Normal Ready");
  }

  @Test
  void aRolloutWithoutProgressStallsAndGoesOnWhenItMoves() {
    Life life = running();
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, new PodCounts(true, 2, 2, 0, 2)).report();
    life.after(Duration.ofMinutes(9)).nodes(leased(1, "vxlan"), ipipNode(2));
    life.runs(VXLAN, new PodCounts(true, 2, 2, 1, 1)).report();

    life.after(Duration.ofMinutes(10));
    assertThat(life.report()).describedAs("just within the deadline").isEmpty();
    life.after(Duration.ofSeconds(1));
    assertThat(life.happenings())
        .containsExactly(
            new Happening(
                true,
                "RolloutStalled",
                "1 of 2 nodes run the present configuration, and no further one was done for 10m;"
                    + " look at the pods that are not ready: kubectl -n kube-flannel get pods -o"
                    + " wide"),
            new Happening(
                true,
                "OtherBackend",
                "node n2 still publishes another backend's lease, which its peers ignore; what to"
                    + " do: wait for the rollout to reach the node; if it does not, look at the"
                    + " node's flannel pod: kubectl -n kube-flannel get pods -o wide"));
    assertThat(life.says()).isEqualTo("Accepted Stalled: RolloutStalled");
    assertThat(life.kstatus()).isEqualTo("Failed");
    assertThat(life.after(Duration.ofHours(1)).report()).isEmpty();

    life.nodes(leased(1, "vxlan"), leased(2, "vxlan"));
    life.runs(VXLAN, new PodCounts(true, 3, 3, 2, 2));
    assertThat(life.report()).containsExactly("Normal RolloutResumed", "Normal ProblemSolved");
    assertThat(life.kstatus()).isEqualTo("InProgress");
    life.runs(VXLAN, 2);
    assertThat(life.report()).containsExactly("Normal RolloutComplete", "Normal Ready");
  }

  @Test
  void goingBackwardIsNoProgress() {
    Life life = running();
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, new PodCounts(true, 2, 2, 1, 1)).report();
    life.after(Duration.ofMinutes(8)).runs(VXLAN, new PodCounts(true, 2, 2, 1, 0)).report();
    assertThat(rollout(life).progressedAt()).isEqualTo("2026-11-23T10:01:00Z");
    life.after(Duration.ofMinutes(3)).report();
    assertThat(rollout(life).phase()).isEqualTo(Phase.STALLED);
  }

  @Test
  void aPodThatFallsIllLaterIsNoRollout() {
    Life life = running();
    life.after(MINUTE).runs(IPIP, new PodCounts(true, 2, 2, 2, 1));
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
    Life life = running();
    life.after(MINUTE).runs(IPIP, new PodCounts(true, 2, 1, 1, 1)).report();
    assertThat(rollout(life).phase()).isEqualTo(Phase.COMPLETE);
    assertThat(rollout(life).startedAt()).isEqualTo("2026-11-23T10:00:00Z");
  }

  @Test
  void aNodeThatJoinsIsNoRollout() {
    Life life = running();
    life.after(MINUTE)
        .nodes(ipipNode(1), ipipNode(2), free(3))
        .runs(IPIP, new PodCounts(true, 3, 2, 2, 2));
    assertThat(life.report()).containsExactly("Warning NotRegistered", "Warning NotReady");
    assertThat(rollout(life).phase()).isEqualTo(Phase.COMPLETE);
    assertThat(life.says()).isEqualTo("Accepted: NodesWithoutLease");

    life.after(MINUTE).nodes(ipipNode(1), ipipNode(2), ipipNode(3)).runs(IPIP, 3);
    assertThat(life.report()).containsExactly("Normal ProblemSolved", "Normal Ready");
    assertThat(rollout(life).startedAt()).isEqualTo("2026-11-23T10:00:00Z");
  }

  @Test
  void anAdoptedRolloutThatIsDoneIsComplete() {
    Life life = new Life(IPIP).nodes(ipipNode(1)).runs(IPIP, 1);
    assertThat(life.report())
        .containsExactly("Normal Accepted", "Normal RolloutComplete", "Normal Ready");
  }

  @Test
  void aRefusedChangeLeavesWhatRunsAsItIs() {
    Life life = running();
    life.after(MINUTE).wants(vxlan("10.245.0.0/16"));
    assertThat(life.report()).containsExactly("Warning PodCIDROutside", "Warning NotReady");
    assertThat(life.says()).isEqualTo("Stalled: NotAccepted");
    assertThat(life.kstatus()).isEqualTo("Failed");
    assertThat(life.condition("Accepted").message())
        .isEqualTo(
            "the podCIDRs of nodes n1 and n2 are not in 10.245.0.0/16 (n1 has 10.244.1.0/24):"
                + " flannel would exit there; what to do: set cidr and ipv6CIDR to the"
                + " controller-manager's --cluster-cidr, which the podCIDRs are taken from");
    assertThat(life.status().applied())
        .extracting(Applied::backend, Applied::cidr)
        .containsExactly(BackendType.IPIP, "10.244.0.0/16");
    assertThat(life.status().summary()).extracting(Summary::leased).isEqualTo(2);
    assertThat(life.status().problems()).isNullOrEmpty();

    life.after(MINUTE).wants(IPIP);
    assertThat(life.report()).containsExactly("Normal Accepted", "Normal Ready");
  }

  @Test
  void anotherCauseOfRefusalIsToldToo() {
    Life life = running();
    life.after(MINUTE).wants(ipip("10.0.0.0/8")).services("10.96.0.0/12");
    assertThat(life.report()).containsExactly("Warning OverlapsServiceRange", "Warning NotReady");
    life.wants(ipip("10.245.0.0/16"));
    assertThat(life.report()).containsExactly("Warning PodCIDROutside");
    assertThat(life.report()).isEmpty();
  }

  @Test
  void aNetworkThatHasNoPartSaysOnlyWhy() {
    var refuse = new Decision.Refuse("AnotherNetworkInCharge", "'a' is older", "delete one");
    Life life = running();
    FlannelNetworkStatus status =
        StatusReport.refused(7, Optional.of(life.status()), refuse, life.after(MINUTE).clock());

    assertThat(Life.says(status)).isEqualTo("Stalled: NotAccepted");
    assertThat(Life.condition(status, "Accepted"))
        .extracting("reason", "message", "lastTransitionTime", "observedGeneration")
        .containsExactly(
            "AnotherNetworkInCharge",
            "'a' is older; what to do: delete one",
            "2026-11-23T10:01:00Z",
            7L);
    assertThat(status)
        .isEqualTo(
            new FlannelNetworkStatus(7L, status.conditions(), null, null, null, null, null, null));
    assertThat(StatusReport.refused(7, Optional.of(status), refuse, life.after(MINUTE).clock()))
        .isEqualTo(status);
  }

  @Test
  void whatCouldNotBeWrittenIsSaidAndTriedAgain() {
    Life life = running();
    life.after(MINUTE).wants(VXLAN).applyFails("DaemonSet a/b could not be written: no");
    assertThat(life.report()).containsExactly("Warning NotReady");
    assertThat(life.says()).isEqualTo("Accepted Reconciling: ApplyFailed");
    assertThat(life.condition("Ready").message())
        .isEqualTo("DaemonSet a/b could not be written: no");
    assertThat(life.report()).isEmpty();
  }

  @Test
  void anEndlessErrorIsCutToWhatTheSchemaTakes() {
    Life life = new Life(IPIP).applyFails("x".repeat(10_000));
    life.report();
    assertThat(life.condition("Ready").message()).hasSize(4096).endsWith("x…");
  }

  @Test
  void aPausedChangeWaits() {
    Life life = running();
    life.after(MINUTE).wants(VXLAN).paused(true);
    assertThat(life.report()).containsExactly("Warning NotReady");
    assertThat(life.says()).isEqualTo("Accepted: Paused");
    assertThat(life.status().problems()).describedAs("ipip still runs, and well").isNullOrEmpty();
    assertThat(life.status().summary()).extracting(Summary::leased).isEqualTo(2);
    life.paused(false).runs(VXLAN, new PodCounts(true, 2, 2, 0, 2));
    assertThat(life.report()).containsExactly("Normal RolloutStarted");
  }

  @Test
  void aRolloutThatIsPausedIsResumed() {
    Life life = running();
    life.after(MINUTE).wants(VXLAN).runs(VXLAN, new PodCounts(true, 2, 2, 0, 2)).report();
    life.after(MINUTE).paused(true);
    assertThat(life.report()).containsExactly("Normal RolloutPaused");
    assertThat(life.status().problems()).describedAs("passing").isNullOrEmpty();
    assertThat(life.after(Duration.ofMinutes(1)).report()).isEmpty();
    assertThat(life.paused(false).report()).containsExactly("Normal RolloutResumed");
  }

  @Test
  void aDeletedDaemonSetIsInstalledAnew() {
    Life life = running();
    assertThat(life.after(MINUTE).runsNothing().report()).containsExactly("Normal NotReady");
    assertThat(life.says()).isEqualTo("Accepted Reconciling: Installing");
    life.runs(IPIP, new PodCounts(true, 2, 0, 0, 0));
    assertThat(life.report()).containsExactly("Normal RolloutStarted");
  }

  @Test
  void aNetworkWithoutNodesIsNotReady() {
    Life life = new Life(IPIP).nodes(node("w").label("kubernetes.io/os", "windows")).runs(IPIP, 0);
    life.report();
    assertThat(life.says()).isEqualTo("Accepted: NoNodes");
  }

  @Test
  void aProblemIsToldOnceAndSolvedOnce() {
    Life life = running();
    life.after(MINUTE).nodes(ipipNode(1), node("n2").leased("ipip", "192.168.0.2"));
    assertThat(life.report()).containsExactly("Warning NoPodCIDR", "Warning NotReady");
    Problem problem = Objects.requireNonNull(life.status().problems()).getFirst();
    assertThat(problem.message()).startsWith("node n2 lacks a podCIDR of a family");
    assertThat(problem.since()).isEqualTo("2026-11-23T10:01:00Z");

    life.after(MINUTE)
        .nodes(node("n1").leased("ipip", "192.168.0.1"), node("n2").leased("ipip", "192.168.0.2"));
    assertThat(life.report()).describedAs("the same cause").isEmpty();
    problem = Objects.requireNonNull(life.status().problems()).getFirst();
    assertThat(problem.message()).startsWith("nodes n1 and n2: each lacks a podCIDR");
    assertThat(problem.nodes()).containsExactly("n1", "n2");
    assertThat(problem.since()).isEqualTo("2026-11-23T10:01:00Z");
    assertThat(life.status().nodes())
        .extracting(NodeStatus::name, NodeStatus::since)
        .containsExactly(tuple("n1", "2026-11-23T10:02:00Z"), tuple("n2", "2026-11-23T10:01:00Z"));

    life.after(MINUTE).nodes(ipipNode(1), ipipNode(2));
    assertThat(life.report()).containsExactly("Normal ProblemSolved", "Normal Ready");
  }

  @Test
  void whoHadAProblemBeforeARolloutHasItStill() {
    Life life = running();
    life.after(MINUTE).nodes(ipipNode(1), free(2)).runs(IPIP, new PodCounts(true, 2, 2, 2, 1));
    life.report();
    String repaired = "{cidr: 10.244.0.0/16, backend: {type: ipip}, mtu: 1400}";
    life.after(MINUTE)
        .wants(wanted(repaired))
        .nodes(free(1), free(2))
        .runs(wanted(repaired), new PodCounts(true, 2, 2, 0, 1));
    assertThat(life.report()).containsExactly("Normal RolloutStarted");
    assertThat(life.status().problems())
        .singleElement()
        .extracting(Problem::nodes, Problem::since)
        .containsExactly(List.of("n2"), "2026-11-23T10:01:00Z");

    life.nodes(ipipNode(1), ipipNode(2)).runs(wanted(repaired), 2);
    assertThat(life.report())
        .containsExactly("Normal RolloutComplete", "Normal ProblemSolved", "Normal Ready");
  }

  @Test
  void nodesComeWorstFirstThenByName() {
    Life life =
        new Life(IPIP)
            .nodes(
                ipipNode(2),
                ipipNode(1),
                free(3),
                node("n5").leased("ipip", "192.168.0.5"),
                node("n4").leased("ipip", "192.168.0.4"))
            .runs(IPIP, 5);
    life.report();
    assertThat(life.status().nodes())
        .extracting(NodeStatus::name)
        .containsExactly("n4", "n5", "n3", "n1", "n2");
  }

  @Test
  void manyNodesAreCutAndTheStatusStaysSmall() {
    List<ClusterNode> nodes =
        IntStream.range(0, 5000)
            .mapToObj(
                i ->
                    node("worker-%04d.region-1.compute.cloud.example.com".formatted(i))
                        .podCidr(
                            "10.%d.%d.0/24".formatted(i / 256, i % 256),
                            "fd00:10:244:%x::/64".formatted(i))
                        .leased("vxlan", "192.168.100.200", "2001:db8:1111:2222:3333:4444:5555:1")
                        .get())
            .toList();
    Life life = new Life(ipip("10.0.0.0/8")).nodes(nodes).runs(ipip("10.0.0.0/8"), 5000);
    life.report();

    assertThat(life.status().nodes()).hasSize(500);
    assertThat(life.status().nodesOmitted()).isEqualTo(4500);
    assertThat(life.status().summary()).extracting(Summary::nodes).isEqualTo(5000);
    assertThat(life.status().problems())
        .singleElement()
        .satisfies(problem -> assertThat(problem.nodes()).hasSize(50));
    assertThat(Serialization.asJson(life.status()).getBytes(StandardCharsets.UTF_8).length)
        .isLessThan(400_000);
  }

  /** Two nodes with ipip, all well since 10:00. */
  private static Life running() {
    Life life = new Life(IPIP).nodes(ipipNode(1), ipipNode(2)).runs(IPIP, 2);
    life.report();
    return life;
  }

  private static Nodes free(int number) {
    return node("n" + number)
        .podCidr("10.244.%d.0/24".formatted(number))
        .internalIp("192.168.0." + number);
  }

  private static Nodes ipipNode(int number) {
    return leased(number, "ipip");
  }

  private static Nodes leased(int number, String backend) {
    return free(number).leased(backend, "192.168.0." + number);
  }

  private static Rollout rollout(Life life) {
    return Objects.requireNonNull(life.status().rollout());
  }

  private static String hash(WantedNetwork network) {
    return NetConf.of(network).hash();
  }
}
