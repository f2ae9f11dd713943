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
 * What a node's pre-flight pod found, as {@code more} of its {@link TaskResult}. Peers are given by
 * their index in the task's list, and only if there is something to say about them: kubelet keeps
 * at most 4096 bytes.
 *
 * @param began when it began to listen, in milliseconds since 1970 by the node's clock
 * @param ended when it stopped, likewise
 * @param silent the peers that it heard nothing from
 * @param smallOnly the peers that it heard small packets from, but no full-size ones
 * @param direct the peers that need no encapsulation; nothing was tried with them
 * @param refused the error of the node's own kernel that did not take a packet; null if it took all
 * @param error why nothing could be tried; null if it could
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

  /** Maximum length of {@code refused} and {@code error}, in characters. */
  private static final int TEXT_LENGTH = 256;

  private static final ObjectMapper JSON = new ObjectMapper();

  public PreflightResult {
    silent = silent == null ? List.of() : List.copyOf(silent);
    smallOnly = smallOnly == null ? List.of() : List.copyOf(smallOnly);
    direct = direct == null ? List.of() : List.copyOf(direct);
    refused = cut(refused);
    error = cut(error);
  }

  /** Creates the result of a node that could not try anything. */
  public static PreflightResult failed(String why) {
    return new PreflightResult(0, 0, List.of(), List.of(), List.of(), null, why);
  }

  /** Reads a pod's result; empty if it is no valid result of this task. */
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

  /** Converts it to a task's result, which is done if the node could try at all. */
  public TaskResult taskResult() {
    String said =
        error != null
            ? error
            : "heard nothing of %d peers, and of %d no packets of full size"
                .formatted(silent.size(), smallOnly.size());
    return new TaskResult(error == null, said, JSON.valueToTree(this));
  }

  /** Whether every index is one of the task's peers, and in only one of the lists. */
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
