package io.flannel.operator.agent.checks;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * A long-running iproute2 tool that reads queries and answers each with a line: {@code ip -j -batch
 * -}, which flushes after each JSON document (iproute2, lib/json_writer.c). Starting it for each
 * poll would cost about twenty times the CPU of the answer. Runs without a shell and ends with the
 * agent, which closes its input. Not thread-safe.
 */
final class BatchTool implements AutoCloseable {
  private static final int ERROR_LIMIT = 300;
  private static final int CHUNK = 16 << 10;

  private final List<String> words;
  private final Duration timeLimit;
  private final int answerLimit;
  private Optional<Running> running = Optional.empty();

  private record Running(Process process, InputStream answers, OutputStream queries) {}

  /**
   * Defines a tool, which starts with the first query.
   *
   * @param words the tool and its arguments
   * @param timeLimit for the answers to one batch of queries; a slower tool is killed
   * @param answerLimit maximum length of one answer, in bytes; a tool that prints more is killed
   */
  BatchTool(List<String> words, Duration timeLimit, int answerLimit) {
    this.words = words;
    this.timeLimit = timeLimit;
    this.answerLimit = answerLimit;
  }

  /**
   * Sends queries. A tool that fails is killed, and restarted for the next query.
   *
   * @param queries one line each, without the line end
   * @return one line for each query, or why there are none
   */
  ReadResult<List<byte[]>> ask(List<String> queries) {
    Running tool;
    try {
      tool = running();
    } catch (IOException e) {
      return ReadResult.failed(
          "cannot run %s (%s): the agent's image should hold iproute2"
              .formatted(words.getFirst(), e.getMessage()));
    }
    // Reading ends only when the tool does, so a tool that hangs is killed after the limit.
    var tookTooLong = new AtomicBoolean();
    var limit =
        CompletableFuture.runAsync(
            () -> {
              tookTooLong.set(true);
              kill(tool.process());
            },
            CompletableFuture.delayedExecutor(timeLimit.toMillis(), TimeUnit.MILLISECONDS));
    ReadResult<List<byte[]>> answers;
    try {
      answers = answers(tool, queries);
    } catch (IOException e) {
      answers = ReadResult.failed(whyEnded(tool, tookTooLong.get()));
    }
    limit.cancel(false);
    if (answers instanceof ReadResult.Failed) {
      close();
    }
    return answers;
  }

  /** Kills the tool; the next query restarts it. */
  @Override
  public void close() {
    running.ifPresent(tool -> kill(tool.process()));
    running = Optional.empty();
  }

  /** The tool's name in messages. */
  String name() {
    return String.join(" ", words);
  }

  private Running running() throws IOException {
    if (running.isEmpty()) {
      Process process = new ProcessBuilder(words).start();
      running =
          Optional.of(new Running(process, process.getInputStream(), process.getOutputStream()));
    }
    return running.get();
  }

  private ReadResult<List<byte[]>> answers(Running tool, List<String> queries) throws IOException {
    tool.queries().write((String.join("\n", queries) + "\n").getBytes(StandardCharsets.UTF_8));
    tool.queries().flush();
    var answers = new ArrayList<byte[]>();
    var line = new ByteArrayOutputStream();
    byte[] chunk = new byte[CHUNK];
    boolean more = false;
    while (answers.size() < queries.size()) {
      int length = tool.answers().read(chunk);
      if (length < 0) {
        throw new IOException("ended");
      }
      for (int begin = 0; begin < length; ) {
        int end = begin;
        while (end < length && chunk[end] != '\n') {
          end++;
        }
        line.write(chunk, begin, end - begin);
        if (line.size() > answerLimit) {
          return ReadResult.failed("%s printed more than %d bytes".formatted(name(), answerLimit));
        }
        more = answers.size() == queries.size();
        if (end < length) {
          answers.add(line.toByteArray());
          line.reset();
        }
        begin = end + 1;
      }
    }
    return more || tool.answers().available() > 0
        ? ReadResult.failed("%s printed more than it was asked for".formatted(name()))
        : ReadResult.read(answers);
  }

  private String whyEnded(Running tool, boolean tookTooLong) {
    if (tookTooLong) {
      return "%s did not answer within %d seconds and was killed"
          .formatted(name(), timeLimit.toSeconds());
    }
    try {
      String error =
          new String(
              tool.process().getErrorStream().readNBytes(ERROR_LIMIT), StandardCharsets.UTF_8);
      return "%s ended: %s"
          .formatted(name(), error.lines().findFirst().orElse("it did not say why"));
    } catch (IOException e) {
      return "%s ended: it did not say why".formatted(name());
    }
  }

  private static void kill(Process process) {
    if (process.isAlive()) {
      Stream.concat(process.descendants(), Stream.of(process.toHandle()))
          .forEach(ProcessHandle::destroyForcibly);
    }
  }
}
