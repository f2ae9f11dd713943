package io.flannel.operator.agent;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Optional;
import java.util.function.Predicate;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * The agent's UDP socket for {@link EchoPacket}s. It can be opened and closed repeatedly.
 *
 * <p>Sends with "don't fragment" and respects the path MTU that the kernel has learnt
 * (IP_PMTUDISC_DO on Linux): the kernel rejects longer packets at once.
 */
final class EchoSocket implements AutoCloseable {
  private static final int BUFFER = 1 << 20;

  sealed interface Received {
    /** A well-formed packet and its sender. */
    record Packet(EchoPacket packet, InetSocketAddress from) implements Received {}

    /** Anything else; to be ignored. */
    record Noise() implements Received {}
  }

  private static final Received NOISE = new Received.Noise();

  private final InetAddress bindAddress;
  private final Selector selector;
  private final ByteBuffer received = ByteBuffer.allocateDirect(EchoPacket.MAX_LENGTH + 1);
  private final ByteBuffer zeros = ByteBuffer.allocateDirect(EchoPacket.MAX_LENGTH);
  private @Nullable DatagramChannel channel;

  /**
   * @param bindAddress the address to listen on and send from; the wildcard address for all
   * @param selector woken by incoming packets
   */
  EchoSocket(InetAddress bindAddress, Selector selector) {
    this.bindAddress = bindAddress;
    this.selector = selector;
  }

  boolean isOpen() {
    return channel != null;
  }

  /**
   * Opens the socket on a port.
   *
   * @throws IOException if it cannot be opened, for example because the port is taken
   */
  void open(int port) throws IOException {
    DatagramChannel opened = DatagramChannel.open();
    try {
      opened.configureBlocking(false);
      opened.setOption(ExtendedSocketOptions.IP_DONTFRAGMENT, true);
      opened.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER);
      opened.bind(new InetSocketAddress(bindAddress, port));
      opened.register(selector, SelectionKey.OP_READ);
      channel = opened;
    } catch (IOException e) {
      close(opened);
      throw e;
    }
  }

  @Override
  public void close() {
    if (channel != null) {
      close(channel);
      channel = null;
    }
  }

  /**
   * Returns the next waiting datagram; empty if there is none.
   *
   * @param known the senders to accept; datagrams of others are noise
   */
  Optional<Received> receive(Predicate<InetAddress> known) {
    if (channel == null) {
      return Optional.empty();
    }
    received.clear();
    try {
      if (!(channel.receive(received) instanceof InetSocketAddress from)) {
        return Optional.empty();
      }
      received.flip();
      return Optional.of(
          known.test(from.getAddress())
              ? EchoPacket.read(received)
                  .<Received>map(packet -> new Received.Packet(packet, from))
                  .orElse(NOISE)
              : NOISE);
    } catch (IOException e) {
      // Possibly an ICMP error for an earlier packet, which will time out.
      return Optional.empty();
    }
  }

  /** Whether the kernel accepted the packet: not if there is no route or the packet is too long. */
  boolean trySend(EchoPacket packet, InetSocketAddress to) {
    if (channel == null) {
      return false;
    }
    packet.writeTo(zeros);
    try {
      return channel.send(zeros, to) == packet.length();
    } catch (IOException | IllegalArgumentException | SecurityException e) {
      return false;
    }
  }

  private static void close(DatagramChannel open) {
    try {
      open.close();
    } catch (IOException e) {
      // Closed either way.
    }
  }
}
