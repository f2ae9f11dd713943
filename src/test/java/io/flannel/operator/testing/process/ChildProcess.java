package io.flannel.operator.testing.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A process of the tests that can't outlive them: the kernel kills it when this JVM ends, even by
 * SIGKILL.
 *
 * <p>This uses Linux's PR_SET_PDEATHSIG, set by util-linux' {@code setpriv}. It depends on the
 * thread that started the process, so one thread that lives as long as the JVM starts them all.
 */
public final class ChildProcess implements AutoCloseable {
  private static final ExecutorService STARTER =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("starter of child processes").factory());
  private static final int LINES_OF_LOG_IN_A_MESSAGE = 20;

  private final String name;
  private final Process process;
  private final Path log;

  private ChildProcess(String name, Process process, Path log) {
    this.name = name;
    this.process = process;
    this.log = log;
  }

  /** Starts a command with its output appended to a file. */
  public static ChildProcess start(
      String name, List<String> command, Map<String, String> environment, Path log) {
    List<String> line = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "--"));
    line.addAll(command);
    var builder = new ProcessBuilder(line).redirectErrorStream(true);
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    try {
      return new ChildProcess(name, STARTER.submit(builder::start).get(), log);
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "Can't start " + name + " by setpriv (Debian's package util-linux): " + line, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while starting " + name, e);
    }
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  public Path log() {
    return log;
  }

  /** Returns an exception with this message and the end of the log. */
  public IllegalStateException failure(String what) {
    String state = isAlive() ? "runs" : "ended with exit code " + process.exitValue();
    return new IllegalStateException(
        name + " " + what + "; it " + state + ". The end of " + log + ":\n" + endOfLog());
  }

  /** Fails if the process has ended by itself. */
  public void mustBeAlive() {
    if (!isAlive()) {
      throw failure("ended by itself");
    }
  }

  /** Sends SIGKILL and returns when the process is gone. */
  public void kill() {
    process.destroyForcibly();
    exitCode(30);
  }

  /** Sends SIGTERM and returns the exit code; fails if the process does not end in time. */
  public int terminate(long seconds) {
    process.destroy();
    return exitCode(seconds);
  }

  @Override
  public void close() {
    kill();
  }

  /** Waits for its end and returns the exit code; fails if it does not end in time. */
  public int exitCode(long seconds) {
    try {
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        throw failure("did not end within " + seconds + " s");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while waiting for the end of " + name, e);
    }
  }

  private String endOfLog() {
    try {
      var lines = new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().toList();
      return String.join(
          "\n", lines.subList(Math.max(0, lines.size() - LINES_OF_LOG_IN_A_MESSAGE), lines.size()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
