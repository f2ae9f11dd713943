package io.flannel.operator.agent.tasks.preflight;

import io.flannel.operator.agent.Nic;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Sends and receives beacons in one encapsulation, on one of this node's addresses. Confined to the
 * thread that opens it.
 */
final class EncapSocket implements AutoCloseable {
  private final Encapsulator framing;
  private final boolean ipv6;
  private final RawSocket socket;
  private final Sender sender;
  private final int fullLength;
  private final ByteBuffer received = ByteBuffer.allocate(RawSocket.MAX_PACKET);
  private final ByteBuffer sent = ByteBuffer.allocate(RawSocket.MAX_PACKET);

  private EncapSocket(
      Encapsulator framing, boolean ipv6, RawSocket socket, Sender sender, int fullLength) {
    this.framing = framing;
    this.ipv6 = ipv6;
    this.socket = socket;
    this.sender = sender;
    this.fullLength = fullLength;
  }

  /**
   * Opens the sockets.
   *
   * @param own the address to send from; empty to take the route's, if peers know the node by an
   *     address that it does not have itself
   * @param nic the interface that the packets leave by
   * @param podMtu the largest packet of pods, in bytes
   */
  static EncapSocket open(
      Encapsulator framing, boolean ipv6, Optional<InetAddress> own, Nic nic, int podMtu)
      throws IOException {
    int header = Encapsulator.ipHeader(ipv6);
    int packet = podMtu + header + framing.encapsulation();
    int fullLength = Math.min(packet, nic.mtu()) - header - framing.beaconOffset();
    RawSocket socket = RawSocket.open(ipv6, framing.protocol());
    try {
      socket.attach(framing.filter(ipv6));
      if (own.isPresent()) {
        socket.bind(own.get());
      }
      return new EncapSocket(
          framing,
          ipv6,
          socket,
          sender(framing, ipv6, own, socket),
          Math.max(Beacon.MIN_LENGTH, fullLength));
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static Sender sender(
      Encapsulator framing, boolean ipv6, Optional<InetAddress> own, RawSocket socket)
      throws IOException {
    return switch (framing) {
      case Encapsulator.Ipip ignored -> ipip(socket);
      case Encapsulator.Vxlan vxlan -> Sender.udp(ipv6, own, vxlan.port(), 0);
      case Encapsulator.Wireguard wireguard ->
          Sender.udp(ipv6, own, wireguard.port(), wireguard.port());
    };
  }

  /**
   * Sets "don't fragment", which flannel's ipip device copies from the pods' packets: TCP sets it.
   */
  private static Sender ipip(RawSocket socket) throws IOException {
    socket.dontFragment();
    return new Sender() {
      @Override
      public void send(ByteBuffer payload, InetAddress to) throws IOException {
        socket.send(payload, to);
      }

      @Override
      public void close() {
        // The EncapSocket closes its raw socket.
      }
    };
  }

  /** The socket to wait on. */
  RawSocket socket() {
    return socket;
  }

  /** The length in bytes of a beacon that makes the largest packet of the new device. */
  int fullLength() {
    return fullLength;
  }

  /**
   * Sends a beacon to its receiver.
   *
   * @throws IOException if the kernel rejects it
   */
  void send(Beacon beacon) throws IOException {
    sent.clear();
    framing.write(beacon, sent);
    sender.send(sent.flip(), beacon.to());
  }

  /** Reads the next packet; false if none is waiting. */
  boolean receive() throws IOException {
    return socket.receive(received);
  }

  /** What {@link #receive} read, if it is a beacon. */
  Optional<Beacon> beacon() {
    return framing.read(received.position(0), ipv6);
  }

  @Override
  public void close() {
    try {
      sender.close();
    } catch (IOException e) {
      // Nothing is lost: the process ends.
    } finally {
      socket.close();
    }
  }
}
