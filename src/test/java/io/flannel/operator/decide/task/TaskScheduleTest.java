package io.flannel.operator.decide.task;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.TextNode;
import io.flannel.operator.decide.task.TaskSchedule.SeenPod;
import io.flannel.operator.decide.task.TaskSchedule.Start;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskScheduleTest {
  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  @Test
  void tasksRunAsManyAtATimeAsMay() {
    TaskSchedule first = schedule(2, "n1 n2 n3 n4");
    assertThat(first.starts()).containsExactly(new Start("n1", 1), new Start("n2", 1));
    TaskSchedule next = schedule(2, "n1 n2 n3 n4", running("n1", 1, 10), ended("n2", 1, 1, true));
    assertThat(next.starts()).containsExactly(new Start("n3", 1));
    assertThat(next.deletions()).isEmpty();
    assertThat(next.done()).containsOnlyKeys("n2");
  }

  @Test
  void onesThatAreNotAskedForAnyMoreCountWhileTheyRunAndGoWhenTheyEnded() {
    TaskSchedule schedule = schedule(1, "n3", running("n1", 1, 10), ended("n2", 1, 10, false));
    assertThat(schedule.starts()).isEmpty();
    assertThat(schedule.deletions()).containsExactly("n2-1");
    assertThat(schedule.failed()).isEmpty();
  }

  @Test
  void aFailureIsToldAndTriedAgainEachTimeLater() {
    TaskSchedule early = schedule(1, "n1", ended("n1", 1, 9, false));
    assertThat(early.starts()).isEmpty();
    assertThat(early.failed()).isEqualTo(Map.of("n1", "no"));
    assertThat(early.lookAgain()).contains(Duration.ofSeconds(1));

    assertThat(schedule(1, "n1", ended("n1", 1, 10, false)).starts())
        .containsExactly(new Start("n1", 2));
    assertThat(schedule(1, "n1", ended("n1", 2, 19, false)).starts()).isEmpty();
    assertThat(schedule(1, "n1", ended("n1", 2, 20, false)).starts())
        .containsExactly(new Start("n1", 3));
    assertThat(schedule(1, "n1", ended("n1", 99, 599, false)).starts()).isEmpty();
    assertThat(schedule(1, "n1", ended("n1", 99, 600, false)).starts())
        .containsExactly(new Start("n1", 100));
  }

  @Test
  void theAttemptBeforeGoesOnceTheNextIsThere() {
    TaskSchedule schedule = schedule(1, "n1", ended("n1", 1, 60, false), running("n1", 2, 5));
    assertThat(schedule.deletions()).containsExactly("n1-1");
    assertThat(schedule.starts()).isEmpty();
  }

  @Test
  void aSlowPodKeepsNoOtherWaiting() {
    TaskSchedule quick = schedule(1, "n1 n2", running("n1", 1, 59));
    assertThat(quick.starts()).isEmpty();
    assertThat(quick.lookAgain()).contains(Duration.ofSeconds(1));
    assertThat(schedule(1, "n1 n2", running("n1", 1, 60)).starts())
        .containsExactly(new Start("n2", 1));
    // Nor does its own node get another pod.
    assertThat(schedule(1, "n1", running("n1", 1, 60)).starts()).isEmpty();
  }

  @Test
  void aPodThatCannotBeMadeIsAFailureThatIsTriedAgain() {
    TaskSchedule refused =
        schedule(2, "n1 n2")
            .refused(new TreeMap<>(Map.of("n1", "no quota")), Duration.ofSeconds(30));
    assertThat(refused.starts()).containsExactly(new Start("n2", 1));
    assertThat(refused.failed()).isEqualTo(Map.of("n1", "no quota"));
    assertThat(refused.lookAgain()).contains(Duration.ofSeconds(30));
  }

  @Test
  void aPodThatNeverEndsIsAFailure() {
    TaskSchedule schedule = schedule(1, "n1", running("n1", 1, 300));
    assertThat(schedule.failed())
        .isEqualTo(
            Map.of("n1", "its pod n1-1 did not end within 5 minutes: ErrImagePull: no such image"));
    assertThat(schedule.lookAgain()).contains(Duration.ofSeconds(10));
    assertThat(schedule(1, "n1", running("n1", 1, 310)).starts())
        .containsExactly(new Start("n1", 2));
    assertThat(schedule(1, "n1", running("n1", 1, 299)).lookAgain())
        .contains(Duration.ofSeconds(1));
  }

  @Test
  void aPodThatNeverEndsHoldsNobodyUp() {
    assertThat(schedule(1, "n1 n2", running("n1", 1, 301)).starts())
        .containsExactly(new Start("n2", 1));
  }

  @Test
  void whatWasDoneIsDoneAgainOnlyIfItIsStillAskedForLater() {
    assertThat(schedule(1, "n1", ended("n1", 1, 59, true)).starts()).isEmpty();
    assertThat(schedule(1, "n1", ended("n1", 1, 60, true)).starts())
        .containsExactly(new Start("n1", 2));
    assertThat(schedule(1, "", ended("n1", 1, 1, true)).deletions()).containsExactly("n1-1");
    TaskSchedule once =
        TaskSchedule.of(
            new TreeMap<>(Map.of("n1", "order")),
            List.of(ended("n1", 1, 9999, true)),
            1,
            Optional.empty(),
            NOW);
    assertThat(once.starts()).isEmpty();
    assertThat(once.done()).containsOnlyKeys("n1");
  }

  @ParameterizedTest
  @CsvSource({"1, 10", "2, 20", "3, 40", "6, 320", "7, 600", "8, 600", "64, 600"})
  void eachFailureDoublesThePauseUpToTenMinutes(int attempt, int pause) {
    TaskSchedule early = schedule(1, "n1", ended("n1", attempt, pause - 1, false));
    assertThat(early.starts()).isEmpty();
    assertThat(early.lookAgain()).contains(Duration.ofSeconds(1));
    assertThat(early.failed()).isEqualTo(Map.of("n1", "no"));
    assertThat(schedule(1, "n1", ended("n1", attempt, pause, false)).starts())
        .containsExactly(new Start("n1", attempt + 1));
  }

  @Test
  void aPodThatDoesNotStartHoldsUpOthersForAMinuteAndFailsAfterFive() {
    TaskSchedule young = schedule(1, "n1 n2", running("n1", 1, 59));
    assertThat(young.starts()).isEmpty();
    assertThat(young.lookAgain()).contains(Duration.ofSeconds(1));
    TaskSchedule slow = schedule(1, "n1 n2", running("n1", 1, 60));
    assertThat(slow.starts()).containsExactly(new Start("n2", 1));
    assertThat(slow.lookAgain()).contains(Duration.ofMinutes(4));
    assertThat(schedule(1, "n1", running("n1", 1, 299)).failed()).isEmpty();
    TaskSchedule overdue = schedule(1, "n1", running("n1", 1, 300));
    assertThat(overdue.failed())
        .isEqualTo(
            Map.of("n1", "its pod n1-1 did not end within 5 minutes: ErrImagePull: no such image"));
    assertThat(overdue.starts()).isEmpty();
    assertThat(overdue.lookAgain()).contains(Duration.ofSeconds(10));
    assertThat(schedule(1, "n1", running("n1", 1, 310)).starts())
        .containsExactly(new Start("n1", 2));
    assertThat(schedule(1, "", running("n1", 1, 299)).deletions()).isEmpty();
    assertThat(schedule(1, "", running("n1", 1, 300)).deletions()).containsExactly("n1-1");
  }

  @Test
  void aMessageIsKeptUpToItsLimit() {
    assertThat(TaskResult.isKept("x".repeat(4096))).isTrue();
    assertThat(TaskResult.isKept("x".repeat(4097))).isFalse();
    assertThat(TaskResult.isKept(null)).isTrue();
    assertThat(TaskResult.read(" ")).isEmpty();
    assertThat(TaskResult.read("null")).isEmpty();
    String json = "{\"done\": true, \"said\": \"%s\"}";
    String said = "x".repeat(4096 - json.length() + 2);
    assertThat(TaskResult.read(json.formatted(said))).isPresent();
    assertThat(TaskResult.read(json.formatted(said + "x"))).isEmpty();
    assertThat(new TaskResult(true, "yes", TextNode.valueOf("y".repeat(4096))).message())
        .contains("its result is longer than the 4096 bytes that kubelet takes")
        .contains("\"done\":false");
  }

  @Test
  void theResultOfAnotherOrderIsNone() {
    TaskSchedule schedule =
        TaskSchedule.of(
            new TreeMap<>(Map.of("n1", "another")),
            List.of(ended("n1", 1, 1, true)),
            1,
            Optional.empty(),
            NOW);
    assertThat(schedule.done()).isEmpty();
    assertThat(schedule.starts()).containsExactly(new Start("n1", 2));
  }

  @Test
  void aResultGoesThroughATerminationMessage() {
    TaskResult result = TaskResult.done("removed flannel.1 (vxlan) – \"quoted\"");
    assertThat(TaskResult.read(result.message())).contains(result);
    assertThat(TaskResult.read("java.lang.OutOfMemoryError")).isEmpty();
    assertThat(TaskResult.read("{\"done\": true}")).isEmpty();
    assertThat(TaskResult.read(null)).isEmpty();
    String longest = TaskResult.failed("\u0001".repeat(5000)).message();
    assertThat(longest.length()).isLessThanOrEqualTo(4096);
    assertThat(TaskResult.read(longest).orElseThrow().said()).endsWith("…");
  }

  private static TaskSchedule schedule(int atOnce, String nodes, SeenPod... pods) {
    var orders = new TreeMap<String, String>();
    for (String node : nodes.isEmpty() ? new String[0] : nodes.split(" ")) {
      orders.put(node, "order");
    }
    return TaskSchedule.of(orders, List.of(pods), atOnce, Optional.of(Duration.ofMinutes(1)), NOW);
  }

  private static SeenPod running(String node, int attempt, int seconds) {
    return new SeenPod(
        node + "-" + attempt,
        node,
        "order",
        attempt,
        NOW.minusSeconds(seconds),
        Optional.empty(),
        "ErrImagePull: no such image");
  }

  private static SeenPod ended(String node, int attempt, int seconds, boolean done) {
    return new SeenPod(
        node + "-" + attempt,
        node,
        "order",
        attempt,
        NOW.minusSeconds(seconds),
        Optional.of(done ? TaskResult.done("yes") : TaskResult.failed("no")),
        "");
  }
}
