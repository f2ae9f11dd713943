package io.flannel.operator.report.path;

import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.List;

/**
 * What a packet looks like on its way, outermost header first. Each node that forwards it takes one
 * from its TTL; what encapsulates it is taken off by the receiver's tunnel device.
 *
 * @param backend what carries it
 * @param encapsulated whether it goes through the tunnel
 */
record Headers(
    PathEndpoint from, PathEndpoint to, Cidr.Family family, Backend backend, boolean encapsulated) {
  private static final int SENT = 64;

  /** As the pod sends it, up to the sender's routing. */
  List<String> sent() {
    return List.of(inner(SENT));
  }

  /** Behind the sender's routing. */
  List<String> routed() {
    return List.of(inner(SENT - 1));
  }

  /** In a tunnel device, on either side: vxlan carries Ethernet, the others carry bare IP. */
  List<String> inTunnel() {
    return backend instanceof Backend.Vxlan
        ? List.of(ethernet(), inner(SENT - 1))
        : List.of(inner(SENT - 1));
  }

  /** From NIC to NIC. */
  List<String> onWire() {
    if (!encapsulated) {
      return routed();
    }
    List<String> headers = new ArrayList<>();
    String outer = outer();
    switch (backend) {
      case Backend.Vxlan vxlan -> {
        headers.add(outer + ", UDP to port " + vxlan.port());
        headers.add("VXLAN, VNI " + vxlan.vni());
        headers.add(ethernet());
      }
      case Backend.Ipip _ -> headers.add(outer + ", protocol 4");
      case Backend.Wireguard wireguard -> {
        headers.add(outer + ", UDP to port " + port(wireguard));
        headers.add("WireGuard, what follows is encrypted");
      }
      case Backend.HostGw _ -> {}
    }
    headers.add(inner(SENT - 1));
    return List.copyOf(headers);
  }

  /** Behind the receiver's routing. */
  List<String> received() {
    return List.of(inner(SENT - 2));
  }

  private int port(Backend.Wireguard wireguard) {
    return family == Cidr.Family.IPV4 ? wireguard.port() : wireguard.port() + 1;
  }

  private String outer() {
    return "%s %s → %s".formatted(family, from.underlay(family), to.underlay(family));
  }

  private String inner(int ttl) {
    return "%s %s → %s, %s %d"
        .formatted(
            family,
            from.podAddress(family),
            to.podAddress(family),
            family == Cidr.Family.IPV4 ? "ttl" : "hop limit",
            ttl);
  }

  private String ethernet() {
    return "Ethernet %s → %s".formatted(vtep(from), vtep(to));
  }

  private String vtep(PathEndpoint end) {
    return end.vtepMac(family).orElse(end.name() + "'s vxlan device");
  }
}
