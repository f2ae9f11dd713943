package io.flannel.operator.agent;

import io.flannel.operator.flannel.Cidr;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.List;
import java.util.Optional;

/**
 * A network interface of this node.
 *
 * @param mtu in bytes
 * @param subnets the subnets of its addresses
 */
public record Nic(int mtu, List<Cidr> subnets) {
  /** Returns the interface with this address; empty if there is none. */
  public static Optional<Nic> of(InetAddress own) {
    try {
      NetworkInterface nic = NetworkInterface.getByInetAddress(own);
      return nic == null ? Optional.empty() : Optional.of(of(nic));
    } catch (SocketException e) {
      return Optional.empty();
    }
  }

  /** Returns the interface that the kernel's route to a peer uses; empty if there is no route. */
  public static Optional<Nic> toward(InetSocketAddress peer) {
    try (DatagramSocket socket = new DatagramSocket()) {
      // Sends nothing: the kernel only looks up the route and, with it, the source address.
      socket.connect(peer);
      return of(socket.getLocalAddress());
    } catch (SocketException | UncheckedIOException e) {
      return Optional.empty();
    }
  }

  /**
   * Whether an address is in one of the interface's own subnets, so that no router is in between.
   */
  public boolean reachesDirectly(InetAddress peer) {
    return Cidr.tryAddress(peer.getHostAddress())
        .filter(address -> subnets.stream().anyMatch(subnet -> subnet.contains(address)))
        .isPresent();
  }

  private static Nic of(NetworkInterface nic) throws SocketException {
    return new Nic(
        nic.getMTU(),
        nic.getInterfaceAddresses().stream()
            .flatMap(
                it ->
                    Cidr.tryParse(
                        it.getAddress().getHostAddress() + "/" + it.getNetworkPrefixLength())
                        .stream())
            .toList());
  }
}
