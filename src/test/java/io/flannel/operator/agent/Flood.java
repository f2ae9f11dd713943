package io.flannel.operator.agent;

import io.flannel.operator.agent.EchoPacket.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Sends packets from another node's address. */
final class Flood implements AutoCloseable {
  private final DatagramSocket socket;
  private final AtomicInteger sent = new AtomicInteger();

  private Flood(DatagramSocket socket) {
    this.socket = socket;
  }

  /** Sends this many packets per second until it is closed. */
  static Flood of(InetAddress from, InetSocketAddress to, int perSecond, Supplier<byte[]> packets) {
    try {
      Flood flood = new Flood(new DatagramSocket(0, from));
      Thread.ofPlatform().daemon().start(() -> flood.send(to, perSecond, packets));
      return flood;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A request as an agent without the key can forge it. */
  static byte[] forged() {
    ByteBuffer buffer = ByteBuffer.allocate(EchoPacket.MIN_LENGTH);
    new EchoPacket(Kind.REQUEST, ThreadLocalRandom.current().nextLong(), EchoPacket.MIN_LENGTH)
        .writeTo(buffer);
    return buffer.array();
  }

  int sent() {
    return sent.get();
  }

  private void send(InetSocketAddress to, int perSecond, Supplier<byte[]> packets) {
    long began = System.nanoTime();
    while (!socket.isClosed()) {
      long due = (System.nanoTime() - began) / 1000 * perSecond / 1_000_000;
      while (sent.get() < due && !socket.isClosed()) {
        byte[] packet = packets.get();
        try {
          socket.send(new DatagramPacket(packet, packet.length, to));
        } catch (IOException e) {
          // Nobody listens there yet, or the test is over.
        }
        sent.incrementAndGet();
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
