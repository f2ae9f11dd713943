package io.flannel.operator.agent.checks;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A tool that is run without a shell, with a limit to its time and its output.
 *
 * @param words the tool and its arguments
 * @param timeLimit after which it is killed
 * @param outputLimit in bytes; a tool that prints more is killed
 */
record Command(List<String> words, Duration timeLimit, int outputLimit) {
  private static final int ERROR_LIMIT = 300;

  /**
   * Runs it.
   *
   * @param input what it reads; at most what a pipe holds, 4096 bytes
   * @return what it printed; failed if it cannot be run, says it failed, or went over a limit
   */
  Reading<byte[]> run(String input) {
    Process process;
    try {
      process = new ProcessBuilder(words).start();
    } catch (IOException e) {
      return Reading.failed(
          "cannot run %s (%s): the agent's image should hold iproute2"
              .formatted(words.getFirst(), e.getMessage()));
    }
    // Reading ends when the tool does: it is this that ends a tool which hangs.
    var limit =
        CompletableFuture.runAsync(
            () -> kill(process),
            CompletableFuture.delayedExecutor(timeLimit.toMillis(), TimeUnit.MILLISECONDS));
    try {
      return answer(process, input, limit);
    } catch (IOException e) {
      return Reading.failed("%s failed: %s".formatted(name(), e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Reading.failed("%s was interrupted".formatted(name()));
    } finally {
      limit.cancel(false);
      kill(process);
    }
  }

  private Reading<byte[]> answer(Process process, String input, CompletableFuture<Void> limit)
      throws IOException, InterruptedException {
    try (OutputStream stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It did not read: what it printed says why.
    }
    byte[] output = process.getInputStream().readNBytes(outputLimit + 1);
    if (output.length > outputLimit) {
      return Reading.failed("%s printed more than %d bytes".formatted(name(), outputLimit));
    }
    String error =
        new String(process.getErrorStream().readNBytes(ERROR_LIMIT), StandardCharsets.UTF_8);
    boolean ended = process.waitFor(timeLimit.toMillis(), TimeUnit.MILLISECONDS);
    if (limit.isDone() || !ended) {
      return Reading.failed(
          "%s did not end within %d seconds and was killed"
              .formatted(name(), timeLimit.toSeconds()));
    }
    if (process.exitValue() != 0) {
      return Reading.failed(
          "%s failed with exit code %d: %s"
              .formatted(name(), process.exitValue(), firstLine(error)));
    }
    return Reading.read(output);
  }

  /** What it is called in messages: never longer than a line. */
  private String name() {
    return String.join(" ", words);
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("it did not say why");
  }

  private static void kill(Process process) {
    if (process.isAlive()) {
      Stream.concat(process.descendants(), Stream.of(process.toHandle()))
          .forEach(ProcessHandle::destroyForcibly);
    }
  }
}
