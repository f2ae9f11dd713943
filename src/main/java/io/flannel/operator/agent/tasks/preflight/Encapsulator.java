package io.flannel.operator.agent.tasks.preflight;

import io.flannel.operator.agent.tasks.preflight.SocketFilter.Test;
import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a backend's packets look on the wire, around a beacon that no kernel delivers. A kernel with
 * the tunnel device drops it silently; one without answers "unreachable", of which the sender is
 * not told.
 */
sealed interface Encapsulator {
  /** Length of an IPv4 header without options, in bytes. */
  int IPV4_HEADER = 20;

  /** Length of an IPv6 header, in bytes. */
  int IPV6_HEADER = 40;

  /** Length of a UDP header, in bytes. */
  int UDP_HEADER = 8;

  /** The protocol in the outer IP header. */
  int protocol();

  /** Bytes from the end of the outer IP header to the beacon. */
  int beaconOffset();

  /** Bytes between the outer IP header and the pods' packet in the backend's own packets. */
  int encapsulation();

  /** Writes the payload to give to an IP or UDP socket. */
  void write(Beacon beacon, ByteBuffer into);

  /** What all our packets have in common, at offsets from the end of the outer IP header. */
  List<Test> marks();

  /** The length of an outer IP header, in bytes. */
  static int ipHeader(boolean ipv6) {
    return ipv6 ? IPV6_HEADER : IPV4_HEADER;
  }

  /** A filter with which the kernel hands only our packets to a raw socket. */
  default SocketFilter filter(boolean ipv6) {
    List<Test> tests = new ArrayList<>(marks());
    tests.add(new Test(beaconOffset(), Integer.BYTES, Beacon.MAGIC));
    return new SocketFilter(!ipv6, tests);
  }

  /** Reads what a raw socket received; empty if it is not exactly one beacon in this framing. */
  default Optional<Beacon> read(ByteBuffer packet, boolean ipv6) {
    int start = ipv6 ? 0 : ipv4HeaderOf(packet);
    if (packet.remaining() < start + beaconOffset()) {
      return Optional.empty();
    }
    int base = packet.position() + start;
    boolean ours =
        marks().stream()
            .allMatch(
                mark ->
                    mark.value()
                        == (mark.bytes() == Integer.BYTES
                            ? packet.getInt(base + mark.offset())
                            : Short.toUnsignedInt(packet.getShort(base + mark.offset()))));
    return ours ? Beacon.read(packet.position(base + beaconOffset())) : Optional.empty();
  }

  private static int ipv4HeaderOf(ByteBuffer packet) {
    return packet.hasRemaining()
        ? (packet.get(packet.position()) & 0xf) * Integer.BYTES
        : IPV4_HEADER;
  }

  /**
   * IP in IP. The inner packet has protocol 253, for experiments (RFC 3692), goes from the sender's
   * node address to 0.0.0.0, and has a time to live of 1. A kernel whose ipip device receives it
   * drops it as a "martian destination" before it looks for a route, and sends no answer
   * (ip_route_input_slow in net/ipv4/route.c; it logs a line if {@code log_martians} is set).
   */
  record Ipip() implements Encapsulator {
    private static final int EXPERIMENTAL = 253;
    private static final short VERSION_4_FIVE_WORDS = 0x4500;
    private static final short DONT_FRAGMENT = 0x4000;
    private static final int CHECKSUM = 10;

    @Override
    public int protocol() {
      return RawSocket.IPIP;
    }

    @Override
    public int beaconOffset() {
      return IPV4_HEADER;
    }

    @Override
    public int encapsulation() {
      return 0;
    }

    @Override
    public void write(Beacon beacon, ByteBuffer into) {
      if (!(beacon.from() instanceof Inet4Address from)) {
        throw new IllegalArgumentException(
            "%s is no IPv4 address: ipip carries none but IPv4".formatted(beacon.from()));
      }
      int start = into.position();
      into.putShort(VERSION_4_FIVE_WORDS)
          .putShort((short) (IPV4_HEADER + beacon.length()))
          .putShort((short) 0)
          .putShort(DONT_FRAGMENT)
          .put((byte) 1)
          .put((byte) EXPERIMENTAL)
          .putShort((short) 0)
          .put(from.getAddress())
          .putInt(0);
      into.putShort(start + CHECKSUM, checksum(into, start));
      beacon.writeTo(into);
    }

    @Override
    public List<Test> marks() {
      // Time to live and protocol, then the destination.
      return List.of(
          new Test(8, Short.BYTES, 1 << 8 | EXPERIMENTAL), new Test(16, Integer.BYTES, 0));
    }

    private static short checksum(ByteBuffer header, int start) {
      int sum = 0;
      for (int at = start; at < start + IPV4_HEADER; at += Short.BYTES) {
        sum += Short.toUnsignedInt(header.getShort(at));
      }
      sum = (sum & 0xffff) + (sum >>> 16);
      return (short) ~(sum + (sum >>> 16));
    }
  }

  /**
   * Ethernet in UDP, with a VNI that no device has: the kernel drops what it has no device for
   * (vxlan_rcv in drivers/net/vxlan). A device that takes every VNI ({@code external}, such as
   * Cilium's) gets an Ethernet frame to the address that no bridge forwards to (IEEE 802.1Q,
   * nearest bridge), of a type for experiments (IEEE 802, 88B5), which no kernel knows.
   *
   * @param port UDP port
   * @param vni a network identifier that is not in use
   */
  record Vxlan(int port, int vni) implements Encapsulator {
    private static final int HEADER = 8;
    private static final int ETHERNET_HEADER = 14;
    private static final int VNI_IS_VALID = 0x08000000;
    private static final long NEAREST_BRIDGE = 0x0180c200000eL;
    private static final long ANY_LOCAL = 0x020000000001L;
    private static final short EXPERIMENTAL = (short) 0x88b5;

    @Override
    public int protocol() {
      return RawSocket.UDP;
    }

    @Override
    public int beaconOffset() {
      return encapsulation();
    }

    @Override
    public int encapsulation() {
      return UDP_HEADER + HEADER + ETHERNET_HEADER;
    }

    @Override
    public void write(Beacon beacon, ByteBuffer into) {
      into.putInt(VNI_IS_VALID).putInt(vni << 8);
      into.putLong(NEAREST_BRIDGE << 16 | ANY_LOCAL >>> 32).putInt((int) ANY_LOCAL);
      into.putShort(EXPERIMENTAL);
      beacon.writeTo(into);
    }

    @Override
    public List<Test> marks() {
      return List.of(
          new Test(2, Short.BYTES, port), new Test(UDP_HEADER + 4, Integer.BYTES, vni << 8));
    }
  }

  /**
   * UDP to WireGuard's port. A beacon does not begin with any of WireGuard's message types, so the
   * kernel drops it (wg_receive in drivers/net/wireguard).
   *
   * @param port UDP port
   */
  record Wireguard(int port) implements Encapsulator {
    /** Length of a data message's header and its authentication tag, in bytes. */
    private static final int DATA = 32;

    @Override
    public int protocol() {
      return RawSocket.UDP;
    }

    @Override
    public int beaconOffset() {
      return UDP_HEADER;
    }

    @Override
    public int encapsulation() {
      return UDP_HEADER + DATA;
    }

    @Override
    public void write(Beacon beacon, ByteBuffer into) {
      beacon.writeTo(into);
    }

    @Override
    public List<Test> marks() {
      return List.of(new Test(2, Short.BYTES, port));
    }
  }
}
