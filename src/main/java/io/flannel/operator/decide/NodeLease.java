package io.flannel.operator.decide;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import io.flannel.operator.overlay.Cidr;
import io.flannel.operator.overlay.ClusterNode;
import io.flannel.operator.overlay.Lease;
import io.flannel.operator.overlay.WantedNetwork;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Whether a node has its part of the network, and if not, why.
 *
 * @param lease what flannel published of the node, valid or not
 * @param problem why the node has no valid lease; empty: it has one
 */
public record NodeLease(ClusterNode node, Optional<Lease> lease, Optional<NodeProblem> problem) {

  /** Judges every node that shall be part of the network, in the order given. */
  public static List<NodeLease> judge(WantedNetwork wanted, ClusterState cluster) {
    TermsInForce inForce = TermsInForce.of(wanted, cluster);
    Terms terms = inForce.general();
    List<ClusterNode> members = cluster.nodes().stream().filter(wanted.pods()::runOn).toList();
    Map<Cidr, Long> publicIps =
        members.stream()
            .flatMap(node -> Lease.of(node).stream())
            .flatMap(lease -> publicIps(terms, lease).stream())
            .collect(groupingBy(Function.identity(), counting()));
    Set<String> overlapping = overlapping(terms, members);
    return members.stream()
        .map(
            node ->
                new NodeLease(node, Lease.of(node), problem(inForce, node, publicIps, overlapping)))
        .toList();
  }

  /** The address that peers send packets of each family to, where the node published one. */
  private static List<Cidr> publicIps(Terms terms, Lease lease) {
    return terms.ranges().stream()
        .flatMap(range -> lease.publicIp(range.family()).stream())
        .toList();
  }

  private static Optional<NodeProblem> problem(
      TermsInForce inForce, ClusterNode node, Map<Cidr, Long> publicIps, Set<String> overlapping) {
    Terms terms = inForce.general();
    for (Cidr range : terms.ranges()) {
      Optional<Cidr> pods = node.podCidr(range.family());
      if (pods.isEmpty()) {
        return Optional.of(NodeProblem.NO_POD_CIDR);
      }
      if (!range.contains(pods.get())) {
        return Optional.of(NodeProblem.POD_CIDR_OUTSIDE);
      }
    }
    if (node.hasAddressIn(terms.ranges())) {
      return Optional.of(NodeProblem.ADDRESS_IN_NETWORK);
    }
    if (overlapping.contains(node.name())) {
      return Optional.of(NodeProblem.DUPLICATE_POD_CIDR);
    }
    Optional<Lease> lease = Lease.of(node);
    if (lease.isEmpty()) {
      return Optional.of(NodeProblem.NOT_REGISTERED);
    }
    if (!lease.get().backendType().equals(inForce.on(node).backendType())) {
      return Optional.of(NodeProblem.OTHER_BACKEND);
    }
    List<Cidr> ownIps = publicIps(terms, lease.get());
    if (ownIps.size() < terms.ranges().size()) {
      return Optional.of(NodeProblem.NO_PUBLIC_IP);
    }
    boolean shared = ownIps.stream().anyMatch(ip -> publicIps.getOrDefault(ip, 0L) > 1);
    return shared ? Optional.of(NodeProblem.DUPLICATE_PUBLIC_IP) : Optional.empty();
  }

  /**
   * The nodes whose podCIDR overlaps another's. Ranges either nest or are apart, so in the order of
   * their first address a range overlaps an earlier one only if it lies in the last widest.
   */
  private static Set<String> overlapping(Terms terms, List<ClusterNode> members) {
    Set<String> names = new HashSet<>();
    for (Cidr range : terms.ranges()) {
      record Owned(Cidr pods, String node) {}
      List<Owned> sorted = new ArrayList<>();
      for (ClusterNode node : members) {
        node.podCidr(range.family()).ifPresent(pods -> sorted.add(new Owned(pods, node.name())));
      }
      sorted.sort(
          Comparator.comparing((Owned owned) -> owned.pods().network())
              .thenComparingInt(owned -> owned.pods().prefix()));
      for (int i = 1, widest = 0; i < sorted.size(); i++) {
        if (sorted.get(widest).pods().contains(sorted.get(i).pods())) {
          names.add(sorted.get(widest).node());
          names.add(sorted.get(i).node());
        } else {
          widest = i;
        }
      }
    }
    return names;
  }
}
