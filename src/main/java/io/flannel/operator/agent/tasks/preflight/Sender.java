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

/** Sends what follows the outer IP header, or the UDP header, as the backend's kernel would. */
interface Sender extends AutoCloseable {
  void send(ByteBuffer payload, InetAddress to) throws IOException;

  @Override
  void close() throws IOException;

  /**
   * By a UDP socket from a port of its own, and without "don't fragment": the kernel's vxlan and
   * wireguard devices leave it out, too, unless told otherwise, which flannel does not.
   *
   * @param own the address to send from; empty: the kernel chooses
   * @param port the port to send to
   * @param fromPort the port to send from: wireguard's is the one that it listens on; with 0 one of
   *     the kernel's range for that, which vxlan takes its source ports from as well
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
