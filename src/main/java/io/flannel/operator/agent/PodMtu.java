package io.flannel.operator.agent;

import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus.Device;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Optional;
import java.util.OptionalInt;

/** The size of the largest IP packet that pods may send. */
final class PodMtu {
  private PodMtu() {}

  /**
   * What the spec says; else what the tunnel device has; else, where there is none, what the NIC to
   * the first peer has.
   *
   * @return bytes; empty if it can't be told
   */
  static OptionalInt find(FlannelNodeSpec spec, Optional<Device> device, ProbeSettings settings) {
    if (spec.mtu() != null) {
      return OptionalInt.of(spec.mtu());
    }
    if (device.isPresent()) {
      Integer mtu = device.get().mtu();
      return mtu == null ? OptionalInt.empty() : OptionalInt.of(mtu);
    }
    return spec.device() != null || settings.peers().isEmpty()
        ? OptionalInt.empty()
        : nicTo(new InetSocketAddress(settings.peers().getFirst().address(), settings.port()));
  }

  private static OptionalInt nicTo(InetSocketAddress peer) {
    try (DatagramSocket socket = new DatagramSocket()) {
      // This sends nothing: the kernel looks up the route, and with it the source address.
      socket.connect(peer);
      InetAddress local = socket.getLocalAddress();
      NetworkInterface nic = NetworkInterface.getByInetAddress(local);
      return nic == null ? OptionalInt.empty() : OptionalInt.of(nic.getMTU());
    } catch (SocketException | java.io.UncheckedIOException e) {
      return OptionalInt.empty();
    }
  }
}
