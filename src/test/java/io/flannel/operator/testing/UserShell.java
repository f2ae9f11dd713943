package io.flannel.operator.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A person's shell in the project's folder, whose kubectl and helm speak to a cluster. */
public record UserShell(ApiServer cluster) {
  /**
   * What came of a command.
   *
   * @param code its exit code
   * @param said all that it printed
   */
  public record Answer(int code, String said) {}

  /** Types a command of bash, and waits for its end. */
  public Answer run(String command) {
    var shell =
        new ProcessBuilder("bash", "-euo", "pipefail", "-c", command).redirectErrorStream(true);
    String programs =
        Stream.of(Tool.KUBECTL, Tool.HELM)
            .map(tool -> tool.path().getParent().toString())
            .collect(Collectors.joining(File.pathSeparator));
    shell
        .environment()
        .merge("PATH", programs, (before, added) -> added + File.pathSeparator + before);
    shell.environment().put("KUBECONFIG", cluster.kubeconfig().toString());
    try {
      Process running = shell.start();
      running.getOutputStream().close();
      String said = new String(running.getInputStream().readAllBytes(), UTF_8);
      return new Answer(running.waitFor(), said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a command ran: " + command, e);
    }
  }
}
