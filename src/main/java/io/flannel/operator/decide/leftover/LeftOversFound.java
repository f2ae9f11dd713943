package io.flannel.operator.decide.leftover;

import static java.util.stream.Collectors.toSet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.flannel.Cidr;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a left-overs task reports in {@code more} of its {@link TaskResult}: ranges that look like
 * deleted nodes', as CIDRs, except those that its input named. Only somebody who sees the current
 * Nodes can tell whether they are.
 */
public record LeftOversFound(List<String> gone) {
  public static final LeftOversFound NOTHING = new LeftOversFound(List.of());

  /**
   * Maximum number of ranges, also when reading: kubelet keeps at most 4096 bytes. The next task
   * reports the next ones.
   */
  private static final int LIMIT = 60;

  /** Maximum number of ranges read of an input: whoever runs a node can make such a pod there. */
  private static final int NAMED = 1_000;

  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  public LeftOversFound {
    gone = gone == null ? List.of() : gone.stream().limit(LIMIT).toList();
  }

  /**
   * Returns the ranges that a task's input named as deleted nodes'.
   *
   * @param order the input; an invalid one names none
   */
  public static Set<Cidr> named(String order) {
    return LeftOverTask.tryRead(order).stream()
        .flatMap(it -> it.gone().stream())
        .limit(NAMED)
        .flatMap(range -> Cidr.tryParse(range).stream())
        .collect(toSet());
  }

  /**
   * Returns the ranges that may be deleted nodes', as known from a task.
   *
   * @param named the ranges that its input named
   * @param result the task's result; empty if it has not ended
   */
  public static Set<Cidr> suspected(Set<Cidr> named, Optional<TaskResult> result) {
    Stream<Cidr> found =
        result.stream()
            .flatMap(it -> read(it).gone().stream())
            .flatMap(range -> Cidr.tryParse(range).stream());
    return Stream.concat(named.stream(), found).collect(toSet());
  }

  /** Reports as many of these ranges as there is room for. */
  public static LeftOversFound of(Collection<String> gone) {
    return new LeftOversFound(gone.stream().sorted().distinct().limit(LIMIT).toList());
  }

  /** Reads a task's result; {@link #NOTHING} if it has no valid list of ranges. */
  static LeftOversFound read(TaskResult taskResult) {
    if (taskResult.more() == null) {
      return NOTHING;
    }
    try {
      return Optional.ofNullable(JSON.treeToValue(taskResult.more(), LeftOversFound.class))
          .orElse(NOTHING);
    } catch (JsonProcessingException e) {
      return NOTHING;
    }
  }

  /** Adds these ranges to a task's result. */
  public TaskResult in(TaskResult result) {
    return gone.isEmpty()
        ? result
        : new TaskResult(
            result.done(),
            result.said()
                + "; found what looks like %d ranges of nodes that are gone, such as %s"
                    .formatted(gone.size(), gone.getFirst()),
            JSON.valueToTree(this));
  }
}
