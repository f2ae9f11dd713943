package io.flannel.operator.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A network namespace of this machine's own kernel, for one test; needs root. */
public final class NetworkNamespace implements AutoCloseable {
  private final String name = "test-" + ProcessHandle.current().pid() + "-" + System.nanoTime();

  /** A process in it, whose /sys is the namespace's: ip mounts it again. */
  private final Process inside;

  /** Makes it. */
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

  /** As {@code ip netns} knows it. */
  public String name() {
    return name;
  }

  /** Its /sys/class/net. */
  public Path devices() {
    return Path.of("/proc", String.valueOf(inside.pid()), "root/sys/class/net");
  }

  /** Whether this machine lets us make one, with a vxlan device in it. */
  public static boolean canBeMade() {
    try (var namespace = new NetworkNamespace()) {
      namespace.run("ip link add flannel.1 type vxlan id 1 dstport 8472");
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /** Runs each line in it. */
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

  /** What comes before a command to run it in here, as root. */
  public List<String> asRoot() {
    return List.of("ip", "netns", "exec", name);
  }

  /** What comes before a command to run it in here as the agent does, without any capability. */
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

  /** What a command prints in here, without the end of its last line. */
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
