package io.flannel.operator.decide.task;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.flannel.PrintableText;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A task's result, written as the termination message of its pod's container.
 *
 * @param done whether the task did everything it was for
 * @param said what was done, or what prevented it, for people
 * @param more further results of this kind of task, for the operator
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TaskResult(boolean done, String said, @Nullable JsonNode more) {
  /** Maximum length of a termination message that kubelet keeps, in bytes. */
  private static final int LIMIT = 4096;

  /** Maximum length of {@code said}, in characters. One takes up to six bytes in JSON and UTF-8. */
  private static final int SAID_LENGTH = 600;

  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  public static TaskResult done(String said) {
    return new TaskResult(true, said, null);
  }

  /** The task did not do everything it was for. */
  public static TaskResult failed(String said) {
    return new TaskResult(false, said, null);
  }

  /** Whether a termination message is none that kubelet would have cut. */
  public static boolean isKept(@Nullable String message) {
    return message == null || message.length() <= LIMIT;
  }

  /** Reads a termination message; empty if no task wrote it, as one that kubelet would not keep. */
  public static Optional<TaskResult> read(@Nullable String message) {
    if (message == null || message.isBlank() || !isKept(message)) {
      return Optional.empty();
    }
    try {
      return Optional.ofNullable(JSON.readValue(message, TaskResult.class))
          .filter(result -> result.said() != null)
          .map(
              result ->
                  new TaskResult(
                      result.done(),
                      PrintableText.shortened(result.said(), SAID_LENGTH),
                      result.more()));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** Returns the termination message, no longer than kubelet keeps. */
  public String message() {
    try {
      String message =
          JSON.writeValueAsString(
              new TaskResult(done, PrintableText.shortened(said, SAID_LENGTH), more));
      if (message.getBytes(StandardCharsets.UTF_8).length <= LIMIT) {
        return message;
      }
      return JSON.writeValueAsString(
          failed("its result is longer than the %d bytes that kubelet takes".formatted(LIMIT)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings and JSON are JSON", e);
    }
  }
}
