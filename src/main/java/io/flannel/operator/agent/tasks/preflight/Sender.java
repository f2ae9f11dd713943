package io.flannel.operator.agent.tasks.preflight;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Optional;
import jdk.net.ExtendedSocketOptions;

/** Sends what follows the outer IP or UDP header, as the kernel would for the backend. */
interface Sender extends AutoCloseable {
  void send(ByteBuffer payload, InetAddress to) throws IOException;

  @Override
  void close() throws IOException;

  /**
   * Sends with a UDP socket and without "don't fragment": the kernel's vxlan and wireguard devices
   * don't set it either unless told to, which flannel does not do.
   *
   * @param own the address to send from; empty to let the kernel choose
   * @param port the port to send to
   * @param fromPort the port to send from: with wireguard, the one that it listens on; 0 for an
   *     ephemeral port of the kernel's, the range from which vxlan takes its source ports as well
   */
  static Sender udp(boolean ipv6, Optional<InetAddress> own, int port, int fromPort)
      throws IOException {
    DatagramChannel channel =
        DatagramChannel.open(ipv6 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
    try {
      channel.setOption(ExtendedSocketOptions.IP_DONTFRAGMENT, false);
      channel.bind(
          own.map(address -> new InetSocketAddress(address, fromPort))
              .orElseGet(() -> new InetSocketAddress(fromPort)));
    } catch (BindException e) {
      channel.close();
      throw new IOException(
          "UDP port %d is taken: look what listens there (ss -ulpn)".formatted(fromPort), e);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    return new Sender() {
      @Override
      public void send(ByteBuffer payload, InetAddress to) throws IOException {
        channel.send(payload, new InetSocketAddress(to, port));
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }
}
