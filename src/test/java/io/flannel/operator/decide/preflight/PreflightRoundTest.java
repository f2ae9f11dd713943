package io.flannel.operator.decide.preflight;

import static io.flannel.operator.decide.preflight.PreflightResultBuilder.heard;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.preflight.PreflightRound.TriedPod;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.decide.task.TaskSchedule.SeenPod;
import io.flannel.operator.decide.task.TaskSchedule.Start;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Lease;
import io.flannel.operator.flannel.Networks;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PreflightRoundTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final DesiredNetwork IPIP = Networks.ipip("10.244.0.0/16");
  private static final PreflightPlan THREE = plan("change", 3);

  @Test
  void allNodesAtOnce() {
    PreflightRound round = round(THREE);
    assertThat(round.verdict()).isEqualTo(new Preflight.Running(List.of("n1", "n2", "n3")));
    assertThat(round.starts()).containsExactlyInAnyOrderElementsOf(starts(1, "n1", "n2", "n3"));
  }

  /**
   * In order of names, the first and the last node, which try with each other, would not run at the
   * same time.
   */
  @Test
  void neighboursOnTheRingAreMadeSoonAfterEachOther() {
    PreflightPlan many = plan("change", 2000);
    List<String> made = round(many).starts().stream().map(Start::node).toList();
    assertThat(made).containsExactlyInAnyOrderElementsOf(many.tasks().keySet());
    for (int at = 0; at < made.size(); at += 97) {
      int from = at;
      assertThat(many.tasks().get(made.get(at)).peers())
          .allSatisfy(
              peer -> assertThat(Math.abs(made.indexOf(peer.name()) - from)).isLessThan(20));
    }
  }

  @Test
  void podsThatAKilledOperatorHasNotMadeAreMade() {
    PreflightRound round = round(THREE, running(THREE, "n1", 1, 20));
    assertThat(round.starts()).containsExactlyInAnyOrderElementsOf(starts(1, "n2", "n3"));
    assertThat(round.deletions()).isEmpty();
    assertThat(round.lookAgain()).contains(Duration.ofSeconds(100));
  }

  @Test
  void roundIsJudgedAndNothingIsMadeWhenAllHaveEnded() {
    PreflightRound round = round(THREE, all(1, 10, true));
    assertThat(round.verdict()).isInstanceOf(Preflight.Passed.class);
    assertThat(round.starts()).isEmpty();
    assertThat(round.deletions()).isEmpty();
  }

  @Test
  void aPodThatDoesNotEndIsGivenUp() {
    TriedPod[] pods = all(1, 10, true);
    pods[1] = running(THREE, "n2", 1, 119);
    assertThat(round(THREE, pods).verdict()).isEqualTo(new Preflight.Running(List.of("n2")));
    pods[1] = running(THREE, "n2", 1, 120);
    assertThat(round(THREE, pods).verdict())
        .isInstanceOfSatisfying(
            Preflight.Incomplete.class,
            it ->
                assertThat(it.message())
                    .contains("node n2: its pod did not end within 2 minutes: ImagePullBackOff"));
  }

  @Test
  void refusedChangeIsTriedAgainByItselfAndStaysRefusedMeanwhile() {
    PreflightRound early = round(THREE, all(1, 299, false));
    assertThat(early.verdict()).isInstanceOf(Preflight.Blocked.class);
    assertThat(early.starts()).isEmpty();
    assertThat(early.lookAgain()).contains(Duration.ofSeconds(1));

    PreflightRound due = round(THREE, all(1, 300, false));
    assertThat(due.verdict()).isInstanceOf(Preflight.Blocked.class);
    assertThat(due.starts()).containsExactlyInAnyOrderElementsOf(starts(2, "n1", "n2", "n3"));
    assertThat(due.deletions()).isEmpty();

    PreflightRound second =
        round(
            THREE,
            Stream.concat(Stream.of(all(1, 310, false)), Stream.of(running(THREE, "n1", 2, 5)))
                .toArray(TriedPod[]::new));
    assertThat(second.verdict()).isInstanceOf(Preflight.Blocked.class);
    assertThat(second.starts()).containsExactlyInAnyOrderElementsOf(starts(2, "n2", "n3"));
    assertThat(second.deletions()).isEmpty();

    PreflightRound mended =
        round(
            THREE,
            Stream.concat(Stream.of(all(1, 340, false)), Stream.of(all(2, 5, true)))
                .toArray(TriedPod[]::new));
    assertThat(mended.verdict()).isInstanceOf(Preflight.Passed.class);
    assertThat(mended.deletions()).containsExactlyInAnyOrder("n1-1", "n2-1", "n3-1");
  }

  @Test
  void aPassThatWasNotUsedForLongIsNone() {
    PreflightRound round = round(THREE, all(1, 300, true));
    assertThat(round.verdict()).isInstanceOf(Preflight.Running.class);
    assertThat(round.starts()).containsExactlyInAnyOrderElementsOf(starts(2, "n1", "n2", "n3"));
  }

  @Test
  void podsOfAnotherChangeOrVersionGoBeforeTheFirstIsMade() {
    PreflightPlan other = plan("another change", 3);
    TriedPod foreign = new TriedPod(running(THREE, "n2", 7, 20).pod(), Optional.empty());
    PreflightRound round = round(THREE, ended(other, "n1", 3, 10, true), foreign);
    assertThat(round.verdict()).isInstanceOf(Preflight.Running.class);
    assertThat(round.starts()).isEmpty();
    assertThat(round.deletions()).containsExactlyInAnyOrder("n1-3", "n2-7");
  }

  @Test
  void aPodThatStaysOnANodeThatIsDownKeepsNobodyWaiting() {
    TriedPod down = ended(plan("another change", 9), "n9", 4, 900, true);
    assertThat(round(THREE, down).starts())
        .containsExactlyInAnyOrderElementsOf(starts(5, "n1", "n2", "n3"));
  }

  @Test
  void aNodeThatWentDownCountsNoMore() {
    TriedPod[] pods = all(1, 10, false);
    assertThat(round(THREE, pods).verdict()).isInstanceOf(Preflight.Blocked.class);
    // n3, which heard nobody, is no longer in the plan.
    assertThat(round(plan("change", 2), pods).verdict()).isInstanceOf(Preflight.Passed.class);
  }

  @Test
  void aNodeThatJoinsIsLeftOut() {
    PreflightRound round = round(plan("change", 4), all(1, 10, true));
    assertThat(round.starts()).isEmpty();
    assertThat(round.verdict())
        .isInstanceOfSatisfying(
            Preflight.Passed.class, it -> assertThat(it.leftOut()).containsOnlyKeys("n4"));
  }

  @Test
  void aRoundThatWasNotWhollyMadeBeforeTheNodesChangedIsBegunAnew() {
    PreflightRound round =
        round(plan("change", 4), running(THREE, "n1", 1, 20), running(THREE, "n2", 1, 20));
    assertThat(round.verdict()).isInstanceOf(Preflight.Running.class);
    assertThat(round.deletions()).containsExactlyInAnyOrder("n1-1", "n2-1");
  }

  @Test
  void roundBeginsAnewWhereNoneOfThoseThatTriedIsLeft() {
    PreflightPlan later = plan("change", 5);
    later = new PreflightPlan(later.tasks().tailMap("n4"), later.leftOut(), later.before());
    PreflightRound round = round(later, all(1, 10, true));
    assertThat(round.verdict()).isInstanceOf(Preflight.Running.class);
    assertThat(round.starts()).containsExactlyInAnyOrderElementsOf(starts(2, "n4", "n5"));
  }

  private static PreflightRound round(PreflightPlan plan, TriedPod... pods) {
    return PreflightRound.of(plan, IPIP.backend(), List.of(pods), NOW);
  }

  private static List<Start> starts(int attempt, String... nodes) {
    return Stream.of(nodes).map(node -> new Start(node, attempt)).toList();
  }

  /**
   * The ended pods of three nodes.
   *
   * @param well false if n3 heard nobody
   */
  private static TriedPod[] all(int attempt, int secondsAgo, boolean well) {
    return THREE.tasks().keySet().stream()
        .map(node -> ended(THREE, node, attempt, secondsAgo, well || !node.equals("n3")))
        .toArray(TriedPod[]::new);
  }

  private static TriedPod running(PreflightPlan plan, String node, int attempt, int secondsAgo) {
    return pod(plan, node, attempt, secondsAgo, Optional.empty());
  }

  private static TriedPod ended(
      PreflightPlan plan, String node, int attempt, int secondsAgo, boolean well) {
    PreflightResult result = heard(0, 30_000).silent(well ? List.of() : List.of(0, 1)).get();
    return pod(plan, node, attempt, secondsAgo, Optional.of(result.taskResult()));
  }

  private static TriedPod pod(
      PreflightPlan plan, String node, int attempt, int secondsAgo, Optional<TaskResult> result) {
    return new TriedPod(
        new SeenPod(
            node + "-" + attempt,
            node,
            "",
            attempt,
            NOW.minusSeconds(secondsAgo),
            result,
            "ImagePullBackOff"),
        Optional.of(plan.tasks().get(node)));
  }

  private static PreflightPlan plan(String change, int size) {
    return PreflightPlan.of(
        IPIP,
        IntStream.rangeClosed(1, size)
            .mapToObj(
                number ->
                    node("n" + number)
                        .podCidr("10.244.%d.0/24".formatted(number))
                        .leased("vxlan", "192.168.0." + number)
                        .get())
            .map(it -> new NodeLease(it, Lease.of(it), Optional.empty()))
            .toList(),
        Map.of(),
        Optional.empty(),
        change);
  }
}
