package io.flannel.operator.testing.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.stream.IntStream;

/**
 * TCP ports of 127.0.0.1 on which nobody listens. They are below the kernel's ephemeral ports, so
 * that no connection takes one before a server listens on it. Test processes that run side by side
 * start at different ports.
 */
public final class FreePorts {
  private static final int FIRST = 10_000;

  /**
   * The range ends below the kernel's ephemeral ports, which begin at 32768:
   * net.ipv4.ip_local_port_range.
   */
  private static final int COUNT = 22_000;

  /** Distance between the first ports of processes that start one after another. */
  private static final int APART = 997;

  private static int next = (int) (ProcessHandle.current().pid() * APART % COUNT);

  private FreePorts() {}

  /** Returns this many different ports, none of which was returned before. */
  public static synchronized int[] find(int count) {
    return IntStream.generate(FreePorts::next).filter(FreePorts::isFree).limit(count).toArray();
  }

  /** Returns one port. */
  public static int one() {
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
