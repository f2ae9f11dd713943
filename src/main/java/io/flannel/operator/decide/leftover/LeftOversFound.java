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
 * What a node's left-overs task has {@code more} to tell ({@link TaskResult}): what looks like the
 * ranges of nodes that are gone, as CIDRs, but for those that its order named. Who sees the Nodes
 * now can say whether they are.
 */
public record LeftOversFound(List<String> gone) {
  /** Nothing was found. */
  public static final LeftOversFound NOTHING = new LeftOversFound(List.of());

  /** So many are told of: kubelet keeps no more than 4096 bytes. The next task tells the next. */
  private static final int LIMIT = 60;

  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  public LeftOversFound {
    gone = gone == null ? List.of() : List.copyOf(gone);
  }

  /**
   * The ranges that a task was told are those of nodes that are gone.
   *
   * @param order what it was told; what is no order names none
   */
  public static Set<Cidr> named(String order) {
    return LeftOverTask.tryRead(order).stream()
        .flatMap(it -> it.gone().stream())
        .flatMap(range -> Cidr.tryParse(range).stream())
        .collect(toSet());
  }

  /**
   * What is known after a task of ranges that may be those of nodes that are gone.
   *
   * @param named the ranges that its order named
   * @param result what it came to; empty: it has not ended
   */
  public static Set<Cidr> suspected(Set<Cidr> named, Optional<TaskResult> result) {
    Stream<Cidr> found =
        result.stream()
            .flatMap(it -> read(it).gone().stream())
            .flatMap(range -> Cidr.tryParse(range).stream());
    return Stream.concat(named.stream(), found).collect(toSet());
  }

  /** As many of these as can be told of. */
  public static LeftOversFound of(Collection<String> gone) {
    return new LeftOversFound(gone.stream().sorted().distinct().limit(LIMIT).toList());
  }

  /** Reads what a task came to; what is none of its results is nothing. */
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

  /** A task's result with this in it. */
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
