package io.flannel.operator.testing.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A network namespace on this machine's own kernel, for one test; needs root. */
public final class NetworkNamespace implements AutoCloseable {
  private final String name = "test-" + ProcessHandle.current().pid() + "-" + System.nanoTime();

  /** A process inside. Its /sys is the namespace's, since ip netns exec mounts it again. */
  private final Process inside;

  /** Creates the namespace. */
  public NetworkNamespace() {
    execute(List.of("ip", "netns", "add", name));
    inside = holder();
  }

  private Process holder() {
    try {
      Process process =
          new ProcessBuilder(
                  "ip", "netns", "exec", name, "sh", "-c", "echo there; exec sleep infinity")
              .redirectErrorStream(true)
              .start();
      String said = process.inputReader(StandardCharsets.UTF_8).readLine();
      if (!"there".equals(said)) {
        throw new IllegalStateException("ip netns exec " + name + ": " + said);
      }
      return process;
    } catch (IOException e) {
      throw new IllegalStateException("ip netns exec " + name, e);
    }
  }

  /** Returns its name for {@code ip netns}. */
  public String name() {
    return name;
  }

  /** Returns its /sys/class/net. */
  public Path devices() {
    return Path.of("/proc", String.valueOf(inside.pid()), "root/sys/class/net");
  }

  /** Whether this machine can create one with a vxlan device in it. */
  public static boolean canBeMade() {
    try (var namespace = new NetworkNamespace()) {
      namespace.run("ip link add flannel.1 type vxlan id 1 dstport 8472");
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /** Runs each line as a command inside. */
  public void run(String lines) {
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

  /** Returns the prefix of a command that runs it inside, as root. */
  public List<String> asRoot() {
    return List.of("ip", "netns", "exec", name);
  }

  /** Returns the prefix of a command that runs it inside like the agent, without any capability. */
  public List<String> asNobody() {
    return Stream.concat(
            asRoot().stream(),
            Stream.of(
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "--bounding-set=-all",
                "--inh-caps=-all",
                "--no-new-privs"))
        .toList();
  }

  /** Returns what a command prints inside, without leading or trailing whitespace. */
  public String output(String command) {
    return execute(Stream.concat(asRoot().stream(), Stream.of(command.split(" +"))).toList());
  }

  @Override
  public void close() {
    inside.destroyForcibly();
    execute(List.of("ip", "netns", "delete", name));
  }

  private static String execute(List<String> words) {
    try {
      Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        throw new IllegalStateException(String.join(" ", words) + ": " + output);
      }
      return output;
    } catch (IOException e) {
      throw new IllegalStateException(String.join(" ", words), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
