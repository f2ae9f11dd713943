package io.flannel.operator.agent.checks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** A network namespace of this machine's own kernel, for one test; needs root. */
final class NetworkNamespace implements AutoCloseable {
  private final String name = "checks-" + ProcessHandle.current().pid() + "-" + System.nanoTime();

  NetworkNamespace() {
    execute(List.of("ip", "netns", "add", name));
  }

  /** Whether this machine lets us make one, with a vxlan device in it. */
  static boolean canBeMade() {
    try (var namespace = new NetworkNamespace()) {
      namespace.run("ip link add flannel.1 type vxlan id 1 dstport 8472");
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /** Runs each line in it. */
  void run(String lines) {
    lines
        .lines()
        .filter(line -> !line.isBlank())
        .forEach(
            line ->
                execute(
                    Stream.concat(
                            Stream.of("ip", "netns", "exec", name),
                            Stream.of(line.strip().split(" +")))
                        .toList()));
  }

  /** iproute2 in it, as the agent runs it: as nobody, without any capability. */
  Iproute2 iproute2() {
    List<String> unprivileged =
        List.of(
            "ip",
            "netns",
            "exec",
            name,
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--bounding-set=-all",
            "--inh-caps=-all",
            "--no-new-privs");
    return new Iproute2(
        Stream.concat(unprivileged.stream(), Stream.of("ip")).toList(),
        Stream.concat(unprivileged.stream(), Stream.of("bridge")).toList(),
        Duration.ofSeconds(30));
  }

  @Override
  public void close() {
    execute(List.of("ip", "netns", "delete", name));
  }

  private static void execute(List<String> words) {
    try {
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", words) + ": " + output);
      }
    } catch (IOException e) {
      throw new IllegalStateException(String.join(" ", words), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
