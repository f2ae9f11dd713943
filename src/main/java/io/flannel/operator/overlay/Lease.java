package io.flannel.operator.overlay;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What flanneld published of a node, in the Node's annotations (pkg/subnet/kube/kube.go).
 *
 * @param backendType {@code backend-type}, as written: it may name a backend we do not know
 * @param publicIp {@code public-ip}: where peers send IPv4 packets to. Without IPv4, flannel writes
 *     0.0.0.0 there for every backend but vxlan: that is none
 * @param publicIpv6 {@code public-ipv6}: where peers send IPv6 packets to
 */
public record Lease(String backendType, Optional<Cidr> publicIp, Optional<Cidr> publicIpv6) {

  /** The node's lease; empty until flanneld has registered the node. */
  public static Optional<Lease> of(ClusterNode node) {
    var annotations = node.flannel();
    if (!"true".equals(annotations.get("kube-subnet-manager"))) {
      return Optional.empty();
    }
    return Optional.ofNullable(annotations.get("backend-type"))
        .map(
            type ->
                new Lease(
                    type,
                    address(annotations.get("public-ip")),
                    address(annotations.get("public-ipv6"))));
  }

  /** The address that peers send packets of a family to. */
  public Optional<Cidr> publicIp(Cidr.Family family) {
    return family == Cidr.Family.IPV4 ? publicIp : publicIpv6;
  }

  /** The address that peers send to: the IPv4 one where there is one. */
  public Optional<Cidr> underlay() {
    return publicIp.or(() -> publicIpv6);
  }

  private static Optional<Cidr> address(@Nullable String text) {
    return text == null
        ? Optional.empty()
        : Cidr.tryAddress(text).filter(ip -> ip.network().signum() != 0);
  }
}
