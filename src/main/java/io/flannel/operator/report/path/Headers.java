package io.flannel.operator.report.path;

import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import java.util.ArrayList;
import java.util.List;

/**
 * A packet's headers at each point of its path, outermost first. Each node that forwards the packet
 * decrements its TTL; the receiver's tunnel device removes the encapsulation.
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

  /** After the sender's routing. */
  List<String> routed() {
    return List.of(inner(SENT - 1));
  }

  /** In the tunnel device on either side: vxlan carries Ethernet, the others carry bare IP. */
  List<String> inTunnel() {
    return backend.carriesEthernet()
        ? List.of(ethernet(), inner(SENT - 1))
        : List.of(inner(SENT - 1));
  }

  /** From NIC to NIC. */
  List<String> onWire() {
    if (!encapsulated) {
      return routed();
    }
    List<String> headers = new ArrayList<>();
    backend
        .encapsulation()
        .map(
            it ->
                backend
                    .udpPort(family)
                    .map(port -> "UDP to port " + port)
                    .orElse("protocol " + it.protocol()))
        .ifPresent(carrier -> headers.add(outer() + ", " + carrier));
    backend.tunnelHeader().ifPresent(headers::add);
    headers.addAll(inTunnel());
    return List.copyOf(headers);
  }

  /** After the receiver's routing. */
  List<String> received() {
    return List.of(inner(SENT - 2));
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
