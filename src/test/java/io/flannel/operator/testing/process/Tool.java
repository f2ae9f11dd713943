package io.flannel.operator.testing.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A program that the tests run; {@code lab/lab bin NAME} prints its path. */
public enum Tool {
  ETCD("etcd"),
  KUBE_APISERVER("kube-apiserver"),
  KUBE_CONTROLLER_MANAGER("kube-controller-manager"),
  KUBE_SCHEDULER("kube-scheduler"),
  KUBECTL("kubectl"),
  KWOK("kwok"),
  HELM("helm"),
  GLUA("glua");

  private static final Path LAB = Path.of("lab/lab");

  private final String program;

  Tool(String program) {
    this.program = program;
  }

  public String program() {
    return program;
  }

  /**
   * Returns the program's absolute path.
   *
   * @throws IllegalStateException if it is missing; says where it was looked for and what to do
   */
  public Path path() {
    if (!Files.isExecutable(LAB)) {
      throw missing("there is no " + LAB.toAbsolutePath() + " to ask for its path");
    }
    try {
      Process asked =
          new ProcessBuilder(LAB.toAbsolutePath().toString(), "bin", program)
              .redirectErrorStream(true)
              .start();
      String answer = new String(asked.getInputStream().readAllBytes(), UTF_8).strip();
      if (asked.waitFor() != 0) {
        throw missing("`lab/lab bin " + program + "` says: " + answer);
      }
      Path path = Path.of(answer);
      if (!Files.isExecutable(path)) {
        throw missing("`lab/lab bin " + program + "` names " + path + ", which can't be run");
      }
      return path;
    } catch (IOException e) {
      throw missing(e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw missing("interrupted while asking for its path");
    }
  }

  private IllegalStateException missing(String why) {
    return new IllegalStateException(
        "The integration tests need "
            + program
            + ": "
            + why
            + ". Run `make tools`, which gets it.");
  }
}
