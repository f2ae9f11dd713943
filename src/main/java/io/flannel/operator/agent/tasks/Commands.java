package io.flannel.operator.agent.tasks;

import io.flannel.operator.flannel.PrintableText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs commands that change the node, without a shell.
 *
 * @param prefix words put before each command
 */
record Commands(List<String> prefix) {
  private static final long LIMIT_SECONDS = 10;
  private static final int ERROR_LIMIT = 300;

  static Commands ofThisNode() {
    return new Commands(List.of());
  }

  /** A command's exit code and output. */
  record Outcome(int code, String output) {}

  /** Runs a command. The output is what it printed to stdout and stderr. */
  Outcome run(List<String> words) {
    try {
      Process process =
          new ProcessBuilder(Stream.concat(prefix.stream(), words.stream()).toList())
              .redirectErrorStream(true)
              .start();
      process.getOutputStream().close();
      var limit =
          CompletableFuture.runAsync(
              process::destroyForcibly,
              CompletableFuture.delayedExecutor(LIMIT_SECONDS, TimeUnit.SECONDS));
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      int code = process.waitFor();
      limit.cancel(false);
      return new Outcome(code, output);
    } catch (IOException e) {
      return new Outcome(-1, "it cannot be run: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Outcome(-1, "interrupted");
    }
  }

  /** Runs a command; empty if it succeeded, else why it did not. */
  Optional<String> failure(List<String> words) {
    Outcome outcome = run(words);
    if (outcome.code() == 0) {
      return Optional.empty();
    }
    String said = outcome.output().lines().findFirst().orElse("it did not say why");
    return Optional.of(
        "%s ended with %d: %s"
            .formatted(
                String.join(" ", words),
                outcome.code(),
                PrintableText.shortened(said, ERROR_LIMIT)));
  }
}
