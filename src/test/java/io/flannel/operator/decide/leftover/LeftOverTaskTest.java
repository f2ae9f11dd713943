package io.flannel.operator.decide.leftover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flannel.operator.decide.leftover.LeftOverTask.Range;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.flannel.Cidr;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The inputs and results of the tasks that remove left-overs. */
class LeftOverTaskTest {
  private static final Range RANGE =
      new Range("10.244.0.0/16", "", List.of("10.244.1.0/24", "10.244.2.0/24"), true, null);

  @Test
  void aNodesInputHasItsOwnRangeAndTheOthers() {
    LeftOverTasks tasks = tasks(RANGE);
    LeftOverTask task = LeftOverTask.read(tasks.json("n1"));
    assertThat(task)
        .isEqualTo(
            new LeftOverTask(
                List.of("flannel.1"),
                List.of(
                    new Range(
                        "10.244.0.0/16",
                        "10.244.1.0/24",
                        List.of("10.244.1.0/24", "10.244.2.0/24"),
                        true,
                        null)),
                List.of("10.244.9.0/24")));
    assertThat(tasks.identity("n1")).contains("10.244.1.0/24", "10.244.9.0/24");
    assertThatThrownBy(() -> tasks.json("n2")).hasMessageContaining("n2");
  }

  @Test
  void anInputThatIsTooLongNamesNoOtherNodesRanges() {
    Range large =
        new Range("10.0.0.0/8", "", Collections.nCopies(10_000, "10.244.1.0/24"), true, "wg");
    assertThat(LeftOverTask.read(tasks(large).json("n1")))
        .isEqualTo(
            new LeftOverTask(
                List.of("flannel.1"),
                List.of(new Range("10.0.0.0/8", "10.244.1.0/24", List.of(), false, "wg")),
                List.of()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no JSON", "null", "{}", "{\"devices\": []}", "{\"ranges\": []}"})
  void anotherTextIsNoInput(String text) {
    assertThatThrownBy(() -> LeftOverTask.read(text)).isInstanceOf(IllegalArgumentException.class);
    assertThat(LeftOverTask.tryRead(text)).isEmpty();
    assertThat(LeftOversFound.named(text)).isEmpty();
  }

  @Test
  void whatAnInputNamesAndItsResultFindsIsSuspected() {
    Set<Cidr> named = LeftOversFound.named(tasks(RANGE).json("n1"));
    assertThat(named).containsExactly(Cidr.parse("10.244.9.0/24"));
    TaskResult result =
        LeftOversFound.of(List.of("10.244.8.0/24", "10.244.7.0/24")).in(TaskResult.done("removed"));
    assertThat(result.said())
        .isEqualTo(
            "removed; found what looks like 2 ranges of nodes that are gone, such as"
                + " 10.244.7.0/24");
    assertThat(result.done()).isTrue();
    assertThat(LeftOversFound.suspected(named, Optional.of(result)))
        .containsExactlyInAnyOrder(
            Cidr.parse("10.244.7.0/24"), Cidr.parse("10.244.8.0/24"), Cidr.parse("10.244.9.0/24"));
    assertThat(LeftOversFound.suspected(named, Optional.empty())).isEqualTo(named);
    assertThat(LeftOversFound.suspected(named, Optional.of(TaskResult.done("removed"))))
        .isEqualTo(named);
  }

  @Test
  void aResultThatFoundNothingStaysAsItIs() {
    TaskResult result = TaskResult.failed("no right");
    assertThat(LeftOversFound.NOTHING.in(result)).isSameAs(result);
  }

  @Test
  void asManyRangesAreReportedAsFit() {
    List<String> many = IntStream.range(0, 99).mapToObj("10.244.%d.0/24"::formatted).toList();
    assertThat(LeftOversFound.of(many).gone()).hasSize(60);
    assertThat(new LeftOversFound(many).gone()).hasSize(60);
    assertThat(new LeftOversFound(null).gone()).isEmpty();
  }

  private static LeftOverTasks tasks(Range range) {
    return new LeftOverTasks(
        new LeftOverTask(List.of("flannel.1"), List.of(range), List.of()),
        new TreeMap<>(
            Map.of(
                "n1", new LeftOverTasks.Own(List.of("10.244.1.0/24"), List.of("10.244.9.0/24")))));
  }
}
