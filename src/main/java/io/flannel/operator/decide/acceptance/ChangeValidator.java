package io.flannel.operator.decide.acceptance;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Lease;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Refuses changes of a running network that would take from nodes what their pods need. */
final class ChangeValidator {
  private ChangeValidator() {}

  /** Refuses to drop an address family while nodes have podCIDRs of it. */
  static Optional<Decision> familyInUse(DesiredNetwork wanted, ClusterState cluster) {
    List<Cidr.Family> kept = wanted.ranges().stream().map(Cidr::family).toList();
    return SpecValidator.liveRanges(wanted, cluster).stream()
        .filter(range -> !kept.contains(range.family()))
        .flatMap(range -> inUse(range, wanted, cluster))
        .findFirst();
  }

  private static Stream<Decision> inUse(Cidr range, DesiredNetwork wanted, ClusterState cluster) {
    List<ClusterNode> users =
        leased(wanted, cluster)
            .filter(node -> node.podCidr(range.family()).filter(range::contains).isPresent())
            .toList();
    if (users.isEmpty()) {
      return Stream.empty();
    }
    ClusterNode first = users.getFirst();
    String field = range.family() == Cidr.Family.IPV4 ? "cidr" : "ipv6CIDR";
    return Stream.of(
        Decision.refuse(
            "FamilyInUse",
            "%s %s is gone from the spec, but pods on %s have %s addresses of it (%s has podCIDR %s):"
                    .formatted(
                        field,
                        range,
                        Names.ofNodes(users.stream().map(ClusterNode::name).toList()),
                        range.family(),
                        first.name(),
                        first.podCidr(range.family()).orElseThrow())
                + " flannel would no longer carry them",
            "set %s to %s again. To give %s up, take its range out of the controller-manager's"
                    .formatted(field, range, range.family())
                + " --cluster-cidr and replace the nodes one by one, so that each registers without"
                + " a podCIDR of it; the network can be changed after the last"));
  }

  /** Refuses a change to a backend without IPv6 while nodes publish only an IPv6 address. */
  static Optional<Decision> publishesIpv6Only(DesiredNetwork wanted, ClusterState cluster) {
    boolean already =
        cluster
            .live()
            .flatMap(LiveFlannel::config)
            .map(AppliedConfig::backendType)
            .filter(wanted.backend().type().wireName()::equals)
            .isPresent();
    if (cluster.live().isEmpty() || already || wanted.backend().carriesIpv6()) {
      return Optional.empty();
    }
    List<String> without =
        leased(wanted, cluster)
            .filter(node -> Lease.of(node).filter(ChangeValidator::ipv6Only).isPresent())
            .map(ClusterNode::name)
            .toList();
    String type = wanted.backend().type().wireName();
    return without.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Decision.refuse(
                "NodeWithoutIPv4",
                "flannel published an IPv6 address alone for %s, and %s carries IPv4 only"
                    .formatted(Names.ofNodes(without), type),
                "give the node an IPv4 address, keep flannel off it by flannel.nodeSelector, or stay"
                    + " with a backend that carries IPv6: vxlan, host-gw or wireguard"));
  }

  private static boolean ipv6Only(Lease lease) {
    return lease.publicIp().isEmpty() && lease.publicIpv6().isPresent();
  }

  /** The nodes that are part of the network and have a lease. */
  private static Stream<ClusterNode> leased(DesiredNetwork wanted, ClusterState cluster) {
    return cluster.nodes().stream()
        .filter(wanted.pods()::runOn)
        .filter(node -> Lease.of(node).isPresent());
  }
}
