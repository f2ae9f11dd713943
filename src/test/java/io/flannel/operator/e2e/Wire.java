package io.flannel.operator.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The packets between the nodes, seen on the lab's bridge. */
final class Wire {
  private Wire() {}

  /**
   * Captures packets while pods on two nodes ping each other.
   *
   * @param filter in pcap's syntax, such as {@code ip proto 4}
   * @return what tcpdump printed for the packets that match, one line each; empty if there were
   *     none
   */
  static String during(int from, int to, String filter) {
    try {
      Process tcpdump =
          new ProcessBuilder(
                  "lab/lab", "exec", "timeout", "60", "tcpdump", "-nlv", "-c", "200", "-i", "br0",
                  filter)
              .start();
      StringBuilder heard = new StringBuilder();
      Thread errors = Thread.ofVirtual().start(() -> heard.append(read(tcpdump.getErrorStream())));
      // The limit of 200 packets also covers the agents' probes: fewer pass during two pings.
      for (int i = 0; i < 2 && tcpdump.isAlive(); i++) {
        TestPods.ping(from, to);
      }
      tcpdump.descendants().forEach(ProcessHandle::destroy);
      String packets = read(tcpdump.getInputStream());
      tcpdump.waitFor();
      errors.join();
      if (!heard.toString().contains("listening on")) {
        throw new AssertionError("tcpdump did not listen: " + heard);
      }
      return packets.strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static String read(java.io.InputStream stream) {
    try {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
