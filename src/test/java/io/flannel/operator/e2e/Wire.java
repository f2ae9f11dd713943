package io.flannel.operator.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** What passes between the nodes, seen on the lab's bridge. */
final class Wire {
  private Wire() {}

  /**
   * Watches the wire while pods on two nodes ping each other.
   *
   * @param filter in pcap's language, such as {@code ip proto 4}
   * @return what tcpdump printed of the packets that match, a line each; empty if none came
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
      // The agents' probes are there, too: so many packets are more than come while two pings last.
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
