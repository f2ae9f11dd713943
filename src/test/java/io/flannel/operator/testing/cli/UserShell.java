package io.flannel.operator.testing.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.operator.OperatorProcess;
import io.flannel.operator.testing.process.Tool;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A user's shell in the project's folder, with helm, kubectl and its plugin {@code kubectl flannel}
 * for a cluster.
 *
 * @param kubeconfig the user and the cluster
 * @param programs folders that come first in PATH
 */
public record UserShell(Path kubeconfig, List<Path> programs) {
  private static final Path PLUGIN = Path.of("kubectl-plugin").toAbsolutePath();

  /**
   * The result of a command.
   *
   * @param code its exit code
   * @param said all that it printed
   */
  public record Answer(int code, String said) {}

  /** Returns the administrator's shell. */
  public static UserShell of(ApiServer cluster) {
    return new UserShell(cluster.kubeconfig(), List.of(PLUGIN));
  }

  /** Returns a copy with another kubeconfig. */
  public UserShell as(Path another) {
    return new UserShell(another, programs);
  }

  /**
   * Returns a copy whose kubectl forwards every port to this operator. The real one needs a
   * kubelet.
   *
   * @param folder where to put this kubectl, and {@code forward.pid} with its process id
   */
  public UserShell forwardingTo(OperatorProcess operator, Path folder) {
    return withPortForward(
        "echo 'Forwarding from 127.0.0.1:%s -> 18080'"
            .formatted(operator.url().replaceFirst(".*:", "")),
        folder);
  }

  /** Returns a copy whose kubectl prints nothing when asked to forward a port, and does not end. */
  public UserShell forwardingNowhere(Path folder) {
    return withPortForward(":", folder);
  }

  private UserShell withPortForward(String what, Path folder) {
    try {
      Path kubectl = folder.resolve("kubectl");
      Files.writeString(
          kubectl,
          """
          #!/bin/sh
          for word; do
            case $word in
              port-forward)
                echo $$ >%1$s.pid.new && mv %1$s.pid.new %1$s.pid
                %2$s
                exec tail -f /dev/null ;;
            esac
          done
          exec %3$s "$@"
          """
              .formatted(folder.resolve("forward"), what, Tool.KUBECTL.path()));
      Files.setPosixFilePermissions(kubectl, PosixFilePermissions.fromString("rwxr-xr-x"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<Path> all = new ArrayList<>(List.of(folder));
    all.addAll(programs);
    return new UserShell(kubeconfig, all);
  }

  /** Runs a bash command and waits for its end. */
  public Answer run(String command) {
    try {
      Process running = start(command);
      String said = new String(running.getInputStream().readAllBytes(), UTF_8);
      return new Answer(running.waitFor(), said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a command ran: " + command, e);
    }
  }

  /** Starts a bash command. */
  public Process start(String command) {
    var shell =
        new ProcessBuilder("bash", "-euo", "pipefail", "-c", command).redirectErrorStream(true);
    String first =
        Stream.concat(
                programs.stream(),
                Stream.of(Tool.KUBECTL, Tool.HELM).map(tool -> tool.path().getParent()))
            .map(Path::toString)
            .collect(Collectors.joining(File.pathSeparator));
    shell
        .environment()
        .merge("PATH", first, (before, added) -> added + File.pathSeparator + before);
    shell.environment().put("KUBECONFIG", kubeconfig.toString());
    try {
      Process running = shell.start();
      running.getOutputStream().close();
      return running;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
