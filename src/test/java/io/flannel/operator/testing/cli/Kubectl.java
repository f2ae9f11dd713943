package io.flannel.operator.testing.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.process.Tool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The real {@code kubectl}, as the cluster's administrator. */
public record Kubectl(ApiServer cluster) {
  /**
   * The result of a command.
   *
   * @param code its exit code
   * @param said all that it printed
   */
  public record Outcome(int code, String said) {}

  /** Runs a command, whatever its exit code. */
  public Outcome run(String... words) {
    return runReading("", words);
  }

  /** Runs a command with input, for {@code -f -}. */
  public Outcome runReading(String input, String... words) {
    List<String> command = new ArrayList<>(List.of(Tool.KUBECTL.path().toString()));
    command.addAll(List.of(words));
    var kubectl = new ProcessBuilder(command).redirectErrorStream(true);
    kubectl.environment().put("KUBECONFIG", cluster.kubeconfig().toString());
    try {
      Process running = kubectl.start();
      try (var to = running.getOutputStream()) {
        to.write(input.getBytes(UTF_8));
      }
      String said = new String(running.getInputStream().readAllBytes(), UTF_8);
      return new Outcome(running.waitFor(), said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while kubectl ran", e);
    }
  }
}
