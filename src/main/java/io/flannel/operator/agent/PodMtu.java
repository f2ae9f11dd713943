package io.flannel.operator.agent;

import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus.Device;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.OptionalInt;

/** The size of the largest IP packet that pods may send. */
final class PodMtu {
  private PodMtu() {}

  /**
   * Returns the spec's MTU; else the tunnel device's; else, with a backend without such a device,
   * that of the NIC toward the first peer.
   *
   * @return bytes; empty if unknown
   */
  static OptionalInt find(FlannelNodeSpec spec, Optional<Device> device, ProbeSettings settings) {
    if (spec.mtu() != null) {
      return OptionalInt.of(spec.mtu());
    }
    if (device.isPresent()) {
      Integer mtu = device.get().mtu();
      return mtu == null ? OptionalInt.empty() : OptionalInt.of(mtu);
    }
    if (spec.device() != null || settings.peers().isEmpty()) {
      return OptionalInt.empty();
    }
    return Nic.toward(new InetSocketAddress(settings.peers().getFirst().address(), settings.port()))
        .map(nic -> OptionalInt.of(nic.mtu()))
        .orElse(OptionalInt.empty());
  }
}
