package io.flannel.operator.agent.tasks.preflight;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.flannel.operator.agent.tasks.preflight.Libc.CallException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A raw socket of one protocol above IP (raw(7)); needs CAP_NET_RAW. Confined to the thread that
 * opens it.
 *
 * <p>It receives a copy of each packet of its protocol that is delivered to this machine, after the
 * firewall's INPUT rules, whether or not a tunnel device or another socket takes it, too
 * (raw_local_deliver in net/ipv4/ip_input.c runs before the protocol's own handler). Fragments are
 * already reassembled. An IPv4 packet begins with its IP header, an IPv6 packet after it. What it
 * sends gets its IP header from the kernel and passes the firewall's OUTPUT rules.
 *
 * <p>The constants are those of Linux on every architecture that both Java 25 and Kubernetes
 * support.
 */
final class RawSocket implements AutoCloseable {
  /** IP in IP, IPPROTO_IPIP. */
  static final int IPIP = 4;

  /** IPPROTO_UDP. */
  static final int UDP = 17;

  /** Maximum length of an IP packet, in bytes. */
  static final int MAX_PACKET = 65_535;

  private static final short AF_INET = 2;
  private static final short AF_INET6 = 10;
  private static final int SOCK_RAW = 3;
  private static final int SOCK_NONBLOCK = 0x800;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SO_RCVBUF = 8;
  private static final int SO_ATTACH_FILTER = 26;
  private static final int IPPROTO_IP = 0;
  private static final int IP_MTU_DISCOVER = 10;
  private static final int IP_PMTUDISC_PROBE = 3;
  private static final int SOCKADDR_IN = 16;
  private static final int SOCKADDR_IN6 = 28;
  private static final int POLLFD = 8;
  private static final short POLLIN = 1;
  private static final int RECEIVE_BUFFER = 1 << 20;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment state = arena.allocate(Libc.CALL_STATE);
  private final MemorySegment packet = arena.allocate(MAX_PACKET);
  private final MemorySegment address = arena.allocate(SOCKADDR_IN6, Integer.BYTES);
  private final short family;
  private final int descriptor;

  private RawSocket(short family, int protocol) throws IOException {
    this.family = family;
    try {
      descriptor =
          (int)
              Libc.checked(
                  "socket(%s, SOCK_RAW, %d)".formatted(familyName(), protocol),
                  state,
                  () ->
                      (int)
                          Libc.SOCKET.invokeExact(
                              state,
                              (int) family,
                              SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
                              protocol));
    } catch (IOException e) {
      arena.close();
      throw e;
    }
  }

  /** Opens a socket for a protocol above IPv4 or above IPv6. */
  static RawSocket open(boolean ipv6, int protocol) throws IOException {
    RawSocket socket = new RawSocket(ipv6 ? AF_INET6 : AF_INET, protocol);
    try {
      socket.option(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Receives only what the filter accepts from now on; packets from before may still be waiting.
   */
  void attach(SocketFilter filter) throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment program = filter.program(call);
      setsockopt(SOL_SOCKET, SO_ATTACH_FILTER, program);
    }
  }

  /** Receives and sends with only this address of the machine. */
  void bind(InetAddress own) throws IOException {
    int length = write(own);
    Libc.checked(
        "bind(%s)".formatted(own.getHostAddress()),
        state,
        () -> (int) Libc.BIND.invokeExact(state, descriptor, address, length));
  }

  /**
   * Sends IPv4 packets with "don't fragment" and up to the device's MTU, whatever path MTU the
   * kernel remembers (IP_PMTUDISC_PROBE): what is too long for the path is lost there.
   */
  void dontFragment() throws IOException {
    option(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  }

  /**
   * Sends all remaining bytes of the buffer after an IP header.
   *
   * @throws IOException if the kernel rejects the packet: there is no route, it is longer than the
   *     device's MTU, or a firewall rule of this machine forbids it
   */
  void send(ByteBuffer payload, InetAddress to) throws IOException {
    int length = payload.remaining();
    packet.copyFrom(MemorySegment.ofBuffer(payload));
    int addressLength = write(to);
    Libc.checked(
        "sendto(%s, %d bytes)".formatted(to.getHostAddress(), length),
        state,
        () ->
            (long)
                Libc.SENDTO.invokeExact(
                    state, descriptor, packet, (long) length, 0, address, addressLength));
  }

  /** Reads the next waiting packet into the buffer; false if there is none. */
  boolean receive(ByteBuffer into) throws IOException {
    long length;
    try {
      length =
          Libc.checked(
              "recv",
              state,
              () -> (long) Libc.RECV.invokeExact(state, descriptor, packet, (long) MAX_PACKET, 0));
    } catch (CallException e) {
      if (e.errno() == Libc.EAGAIN || e.errno() == Libc.EINTR) {
        return false;
      }
      throw e;
    }
    into.clear().limit((int) length);
    MemorySegment.ofBuffer(into).copyFrom(packet.asSlice(0, length));
    return true;
  }

  /** Waits until a packet arrives in one of the sockets, or the time is over. */
  static void await(List<RawSocket> sockets, int millis) throws IOException {
    try (Arena call = Arena.ofConfined()) {
      MemorySegment state = call.allocate(Libc.CALL_STATE);
      MemorySegment polled = call.allocate((long) POLLFD * sockets.size(), Integer.BYTES);
      for (int i = 0; i < sockets.size(); i++) {
        polled.set(JAVA_INT, (long) POLLFD * i, sockets.get(i).descriptor);
        polled.set(JAVA_SHORT, (long) POLLFD * i + Integer.BYTES, POLLIN);
      }
      Libc.checked(
          "poll",
          state,
          () -> (int) Libc.POLL.invokeExact(state, polled, (long) sockets.size(), millis));
    } catch (CallException e) {
      if (e.errno() != Libc.EINTR) {
        throw e;
      }
    }
  }

  @Override
  public void close() {
    try {
      Libc.checked("close", state, () -> (int) Libc.CLOSE.invokeExact(state, descriptor));
    } catch (CallException e) {
      // Linux closes the descriptor even on EINTR, and EBADF cannot happen: it is ours and open.
    } finally {
      arena.close();
    }
  }

  private void option(int level, int name, int value) throws IOException {
    try (Arena call = Arena.ofConfined()) {
      setsockopt(level, name, call.allocateFrom(JAVA_INT, value));
    }
  }

  private void setsockopt(int level, int name, MemorySegment value) throws IOException {
    Libc.checked(
        "setsockopt(%d, %d)".formatted(level, name),
        state,
        () ->
            (int)
                Libc.SETSOCKOPT.invokeExact(
                    state, descriptor, level, name, value, (int) value.byteSize()));
  }

  /** Writes a sockaddr_in or sockaddr_in6 with port 0 and returns its length in bytes. */
  private int write(InetAddress ip) {
    boolean ipv4 = ip instanceof Inet4Address;
    if (ipv4 != (family == AF_INET)) {
      throw new IllegalArgumentException(
          "%s is no address for a socket of %s".formatted(ip.getHostAddress(), familyName()));
    }
    address.fill((byte) 0);
    address.set(JAVA_SHORT, 0, family);
    byte[] bytes = ip.getAddress();
    MemorySegment.copy(bytes, 0, address, JAVA_BYTE, ipv4 ? 4 : 8, bytes.length);
    return ipv4 ? SOCKADDR_IN : SOCKADDR_IN6;
  }

  private String familyName() {
    return family == AF_INET ? "AF_INET" : "AF_INET6";
  }
}
