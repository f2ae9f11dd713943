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
 * The one UDP socket for {@link EchoPacket}s, open or not.
 *
 * <p>It sends with "don't fragment" and keeps to the path MTU that the kernel has learnt (Linux'
 * IP_PMTUDISC_DO): what is longer than that is refused at once.
 */
final class EchoSocket implements AutoCloseable {
  private static final int BUFFER = 1 << 20;

  /** What was received. */
  sealed interface Received {
    /** A packet, and from where. */
    record Packet(EchoPacket packet, InetSocketAddress from) implements Received {}

    /** Something that is to be ignored. */
    record Noise() implements Received {}
  }

  private static final Received NOISE = new Received.Noise();

  private final InetAddress bindAddress;
  private final Selector selector;
  private final ByteBuffer received = ByteBuffer.allocateDirect(EchoPacket.MAX_LENGTH + 1);
  private final ByteBuffer zeros = ByteBuffer.allocateDirect(EchoPacket.MAX_LENGTH);
  private @Nullable DatagramChannel channel;

  /**
   * @param bindAddress where to listen and to send from; the wildcard address for all
   * @param selector woken by what arrives
   */
  EchoSocket(InetAddress bindAddress, Selector selector) {
    this.bindAddress = bindAddress;
    this.selector = selector;
  }

  boolean isOpen() {
    return channel != null;
  }

  /**
   * Opens it on a port.
   *
   * @throws IOException if that cannot be had
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
   * The next datagram that waits; empty if none does.
   *
   * @param known whose packets alone are looked at
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
      // An ICMP error of an earlier packet, perhaps; the packet concerned will time out.
      return Optional.empty();
    }
  }

  /** Whether the kernel took it: it does not if there is no route, or if it is too long. */
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
      // It is gone one way or the other.
    }
  }
}
