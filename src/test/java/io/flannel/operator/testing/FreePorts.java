package io.flannel.operator.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.stream.IntStream;

/**
 * TCP ports of 127.0.0.1 that nobody listens on. They are below those that the kernel gives to
 * connections, so that none takes one before it is listened on; and test processes that run side by
 * side begin at different ones.
 */
final class FreePorts {
  private static final int FIRST = 10_000;

  /** The kernel's own begin at 32768: net.ipv4.ip_local_port_range. */
  private static final int COUNT = 22_000;

  /** Processes that are started one after the other are this far from each other. */
  private static final int APART = 997;

  private static int next = (int) (ProcessHandle.current().pid() * APART % COUNT);

  private FreePorts() {}

  /** That many different ports, none of which was returned before. */
  static synchronized int[] find(int count) {
    return IntStream.generate(FreePorts::next).filter(FreePorts::isFree).limit(count).toArray();
  }

  /** One port. */
  static int one() {
    return find(1)[0];
  }

  private static int next() {
    next = (next + 1) % COUNT;
    return FIRST + next;
  }

  private static boolean isFree(int port) {
    try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
