package io.flannel.operator.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The real {@code kubectl}, as the cluster's administrator. */
public record Kubectl(ApiServer cluster) {
  /**
   * What came of it.
   *
   * @param code its exit code
   * @param said all that it printed
   */
  public record Outcome(int code, String said) {}

  /** Of a test's cluster. */
  public static Kubectl in(TestCluster cluster) {
    return new Kubectl(cluster.api());
  }

  /** Runs it, whatever comes of it. */
  public Outcome run(String... words) {
    return runReading("", words);
  }

  /** Runs it with something to read, for {@code -f -}. */
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
