package io.flannel.operator.decide.preflight;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.flannel.PrintableText;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a node's pre-flight pod found: what its {@link TaskResult} has {@code more} to tell. Peers
 * are named by their place in the task's list, and only those that something is to be said of:
 * kubelet keeps no more than 4096 bytes.
 *
 * @param began when it began to listen, in milliseconds of the node's clock since 1970
 * @param ended when it stopped
 * @param silent the peers that it heard nothing of
 * @param smallOnly the peers of which it heard small packets, but none of full size
 * @param direct the peers that need no encapsulation, with which nothing was tried
 * @param refused what the node's own kernel said where it did not take a packet; null: it took all
 * @param error why nothing could be tried; null: it was
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record PreflightResult(
    long began,
    long ended,
    List<Integer> silent,
    List<Integer> smallOnly,
    List<Integer> direct,
    @Nullable String refused,
    @Nullable String error) {

  /** So much is told of what a node's kernel said. */
  private static final int TEXT_LENGTH = 256;

  private static final ObjectMapper JSON = new ObjectMapper();

  public PreflightResult {
    silent = silent == null ? List.of() : List.copyOf(silent);
    smallOnly = smallOnly == null ? List.of() : List.copyOf(smallOnly);
    direct = direct == null ? List.of() : List.copyOf(direct);
    refused = cut(refused);
    error = cut(error);
  }

  /** Of a node that could not try anything. */
  public static PreflightResult failed(String why) {
    return new PreflightResult(0, 0, List.of(), List.of(), List.of(), null, why);
  }

  /** Reads what a task came to; empty if it is none with this task. */
  public static Optional<PreflightResult> of(TaskResult taskResult, PreflightTask task) {
    if (taskResult.more() == null) {
      return Optional.empty();
    }
    try {
      return Optional.ofNullable(JSON.treeToValue(taskResult.more(), PreflightResult.class))
          .filter(result -> result.fits(task));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** As the task's result: it did all that it was for if it could try at all. */
  public TaskResult taskResult() {
    String said =
        error != null
            ? error
            : "heard nothing of %d peers, and of %d no packets of full size"
                .formatted(silent.size(), smallOnly.size());
    return new TaskResult(error == null, said, JSON.valueToTree(this));
  }

  /** Each peer is one of the task's, and of one kind alone. */
  private boolean fits(PreflightTask task) {
    Set<Integer> seen = new HashSet<>();
    return began <= ended
        && Stream.of(silent, smallOnly, direct)
            .flatMap(List::stream)
            .allMatch(at -> at >= 0 && at < task.peers().size() && seen.add(at));
  }

  private static @Nullable String cut(@Nullable String text) {
    return text == null ? null : PrintableText.shortened(text, TEXT_LENGTH);
  }
}
