package io.flannel.operator.observe;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.decide.leftover.LeftOverTask;
import io.flannel.operator.decide.leftover.LeftOversFound;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.flannel.Cidr;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TaskPodTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:02:00Z");
  private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);

  private static final LeftOverTask ORDER =
      new LeftOverTask(
          List.of("flannel.ipip"),
          List.of(
              new LeftOverTask.Range(
                  "10.0.0.0/8",
                  "10.0.1.0/24",
                  IntStream.range(0, 5000)
                      .mapToObj(i -> "10.%d.%d.0/24".formatted(i / 250, i % 250))
                      .toList(),
                  true,
                  null)),
          List.of("10.99.0.0/24"));

  private final GuardedStore<Pod, TaskPod> store = TaskPod.store(CLOCK);

  @Test
  void longOrderIsKeptOnlyByTheRangesOfGoneNodes() {
    Pod pod = pod("one", ORDER.json());
    assertThat(Serialization.asJson(pod).length()).isGreaterThan(80_000);
    store.put("key", pod);
    assertThat(Serialization.asJson(store.get("key")).length()).isLessThan(2_000);
    assertThat(kept().suspected()).containsExactly(Cidr.parse("10.99.0.0/24"));
    assertThat(kept().seen().result()).isEmpty();
    assertThat(kept().ended()).isFalse();
  }

  @Test
  void findingsAreAddedWhenItHasEnded() {
    store.put("key", pod("one", ORDER.json()));
    TaskResult result = LeftOversFound.of(List.of("10.98.0.0/24")).in(TaskResult.done("removed"));
    Pod now = ended(pod("one", ORDER.json()), result);
    assertThat(TaskPod.differ(now, store.values().findFirst().orElseThrow())).isTrue();
    store.put("key", now);
    assertThat(kept().suspected())
        .containsExactlyInAnyOrder(Cidr.parse("10.99.0.0/24"), Cidr.parse("10.98.0.0/24"));
    assertThat(kept().ended()).isTrue();
    assertThat(TaskPod.differ(now, store.values().findFirst().orElseThrow())).isFalse();
  }

  /** A node's clock may be wrong, and its kubelet may write anything. */
  @Test
  void theEndIsWhenItWasSeen() {
    store.put("key", pod("one", ORDER.json()));
    store.put("key", endedAt("9999-01-01T00:00:00Z"));
    assertThat(kept().seen().since()).isEqualTo(NOW);
    store.put("key", endedAt("2026-01-01T00:01:00Z"));
    assertThat(kept().seen().since()).isEqualTo(NOW);
  }

  @ParameterizedTest
  @CsvSource({
    "2026-01-01T00:01:00Z, 2026-01-01T00:01:00Z",
    "9999-01-01T00:00:00Z, 2026-01-01T00:02:00Z",
    "1970-01-01T00:00:00Z, 2026-01-01T00:02:00Z",
    "yesterday, 2026-01-01T00:02:00Z"
  })
  void ofAnEndThatNobodySawTheNodeTellsWhatCanBe(String finished, String since) {
    store.put("key", endedAt(finished));
    assertThat(kept().seen().since()).isEqualTo(Instant.parse(since));
  }

  @Test
  void anotherPodOfTheSameNameIsReadAnew() {
    store.put("key", pod("one", ORDER.json()));
    store.put("key", pod("two", "{\"devices\": [], \"ranges\": []}"));
    assertThat(kept().suspected()).isEmpty();
  }

  @Test
  void invalidOrderNamesNothing() {
    store.put("key", pod("one", "{\"gone\": ["));
    assertThat(kept().suspected()).isEmpty();
  }

  /** Whoever controls a node can write any status for the pods on it. */
  @Test
  void longStatusIsNotKept() {
    String ranges =
        IntStream.range(0, 100_000)
            .mapToObj(i -> "\"10.%d.%d.%d/32\"".formatted(i / 65536, i / 256 % 256, i % 256))
            .collect(joining(","));
    Pod pod = ended(pod("one", ORDER.json()), TaskResult.done("removed"));
    var end = pod.getStatus().getContainerStatuses().getFirst().getState().getTerminated();
    end.setMessage("{\"done\":false,\"said\":\"\",\"more\":{\"gone\":[%s]}}".formatted(ranges));
    end.setReason("r".repeat(1_000_000));
    pod.getStatus().setReason("r".repeat(1_000_000));
    pod.getMetadata().getAnnotations().put("flannel.io/task-hash", "h".repeat(200_000));
    store.put("key", pod);
    assertThat(Serialization.asJson(store.get("key")).length()).isLessThan(2_000);
    assertThat(kept().suspected()).containsExactly(Cidr.parse("10.99.0.0/24"));
    assertThat(kept().seen().result().orElseThrow().said()).contains("ended without a result");
    assertThat(TaskPod.differ(pod, store.values().findFirst().orElseThrow())).isFalse();
  }

  @Test
  void rangesAreReadAsManyAsATaskReports() throws Exception {
    String many =
        IntStream.range(0, 200)
            .mapToObj(i -> "\"10.1.%d.0/24\"".formatted(i))
            .collect(joining(","));
    TaskResult result =
        new TaskResult(false, "", new ObjectMapper().readTree("{\"gone\":[%s]}".formatted(many)));
    store.put("key", ended(pod("one", "{}"), result));
    assertThat(kept().suspected()).hasSize(60);
  }

  private TaskPod kept() {
    return store.kept().findFirst().orElseThrow();
  }

  private static Pod endedAt(String finished) {
    Pod pod = ended(pod("one", ORDER.json()), TaskResult.done("removed"));
    pod.getStatus()
        .getContainerStatuses()
        .getFirst()
        .getState()
        .getTerminated()
        .setFinishedAt(finished);
    return pod;
  }

  private static Pod ended(Pod pod, TaskResult result) {
    return new PodBuilder(pod)
        .withNewStatus()
        .withPhase("Succeeded")
        .addNewContainerStatus()
        .withName("task")
        .withNewState()
        .withNewTerminated()
        .withExitCode(0)
        .withFinishedAt("2026-01-01T00:01:00Z")
        .withMessage(result.message())
        .endTerminated()
        .endState()
        .endContainerStatus()
        .endStatus()
        .build();
  }

  private static Pod pod(String uid, String order) {
    return new PodBuilder()
        .withNewMetadata()
        .withName("flannel-left-overs-1")
        .withNamespace("flannel-operator")
        .withUid(uid)
        .withCreationTimestamp("2026-01-01T00:00:00Z")
        .addToLabels("app", "flannel-node-task")
        .addToLabels("flannel.io/task", "left-overs")
        .addToAnnotations("flannel.io/task-hash", "0123456789")
        .addToAnnotations("flannel.io/attempt", "2")
        .endMetadata()
        .withNewSpec()
        .withNodeName("node-1")
        .addNewContainer()
        .withName("task")
        .addNewEnv()
        .withName("TASK")
        .withValue(order)
        .endEnv()
        .endContainer()
        .endSpec()
        .build();
  }
}
