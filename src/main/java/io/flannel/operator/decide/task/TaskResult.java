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
 * What a task on a node came to: the termination message of its pod's container.
 *
 * @param done whether all was done that it was for
 * @param said what was done, or what was in the way, for people
 * @param more what else this kind of task has to tell, for the operator
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record TaskResult(boolean done, String said, @Nullable JsonNode more) {
  /** What kubelet takes of a termination message, in bytes. */
  private static final int LIMIT = 4096;

  /** So much is said at most; in JSON and UTF-8, a character may be six bytes. */
  private static final int SAID_LENGTH = 600;

  private static final ObjectMapper JSON =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  /** All was done. */
  public static TaskResult done(String said) {
    return new TaskResult(true, said, null);
  }

  /** Not all was done. */
  public static TaskResult failed(String said) {
    return new TaskResult(false, said, null);
  }

  /** Reads a termination message; empty: it is none of a task's. */
  public static Optional<TaskResult> read(@Nullable String message) {
    if (message == null || message.isBlank()) {
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

  /** The termination message: as short as kubelet wants it. */
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
