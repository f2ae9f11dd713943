package io.flannel.operator.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One peer per address. Each answers every request and, like a peer that probes too, sends a
 * request of the same size along with it. It writes packets by hand, so that it does not depend on
 * the code being measured.
 */
final class EchoPeers implements AutoCloseable {
  private static final int KIND = 5;
  private static final byte REQUEST = 1;
  private static final byte ANSWER = 2;
  private static final int IP_AND_UDP = 28;

  private final Selector selector;
  private final List<DatagramChannel> channels = new ArrayList<>();
  private final AtomicLong bytes = new AtomicLong();

  EchoPeers(List<String> addresses, int port) throws IOException {
    selector = Selector.open();
    for (String address : addresses) {
      DatagramChannel channel = DatagramChannel.open();
      channel.bind(new InetSocketAddress(address, port));
      channel.configureBlocking(false);
      channel.register(selector, SelectionKey.OP_READ);
      channels.add(channel);
    }
    Thread.ofPlatform().daemon().name("echo peers").start(this::run);
  }

  /** Returns the bytes that the agent has sent so far, requests and answers, as IP packets. */
  long bytesReceived() {
    return bytes.get();
  }

  @Override
  public void close() throws IOException {
    for (DatagramChannel channel : channels) {
      channel.close();
    }
    selector.close();
  }

  private void run() {
    ByteBuffer packet = ByteBuffer.allocateDirect(65_535);
    try {
      while (selector.isOpen()) {
        selector.select(
            key -> {
              try {
                take((DatagramChannel) key.channel(), packet);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
      }
    } catch (IOException | UncheckedIOException | ClosedSelectorException e) {
      // Closed: the measurement is over.
    }
  }

  private void take(DatagramChannel channel, ByteBuffer packet) throws IOException {
    packet.clear();
    SocketAddress from = channel.receive(packet);
    if (from == null) {
      return;
    }
    bytes.addAndGet(packet.position() + IP_AND_UDP);
    packet.flip();
    if (packet.get(KIND) == REQUEST) {
      packet.put(KIND, ANSWER);
      channel.send(packet, from);
      packet.rewind();
      packet.put(KIND, REQUEST);
      channel.send(packet, from);
    }
  }
}
