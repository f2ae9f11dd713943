package io.flannel.operator.decide.lease;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Lease;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Whether a node has its part of the network, and if not, why.
 *
 * @param lease what flannel published of the node, valid or not
 * @param problem why the node has no valid lease; empty: it has one
 */
public record NodeLease(ClusterNode node, Optional<Lease> lease, Optional<LeaseProblem> problem) {

  /**
   * Judges every node of the network, in the order given: those that shall be part of it, and those
   * that are by what is in force, since a spec may be refused, held or taken back.
   */
  public static List<NodeLease> judge(DesiredNetwork wanted, ClusterState cluster) {
    EffectiveConfigs inForce = EffectiveConfigs.of(wanted, cluster);
    EffectiveConfig terms = inForce.general();
    List<ClusterNode> members = cluster.nodes().stream().filter(member(wanted, cluster)).toList();
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

  private static Predicate<ClusterNode> member(DesiredNetwork wanted, ClusterState cluster) {
    Predicate<ClusterNode> wants = wanted.pods()::runOn;
    return cluster.live().map(live -> wants.or(live.template()::runOn)).orElse(wants);
  }

  /**
   * Nodes that shall be no part of the network, by its node selector or tolerations, and have a
   * lease all the same: flannel may run there, or ran there while they were part of it. Peers reach
   * their pods by the routes that they made then.
   */
  public static List<ClusterNode> leasedBeside(DesiredNetwork wanted, ClusterState cluster) {
    return cluster.nodes().stream()
        .filter(member(wanted, cluster).negate())
        .filter(node -> Lease.of(node).isPresent())
        .toList();
  }

  /** The address that peers send packets of each family to, where the node published one. */
  private static List<Cidr> publicIps(EffectiveConfig terms, Lease lease) {
    return terms.ranges().stream()
        .flatMap(range -> lease.publicIp(range.family()).stream())
        .toList();
  }

  private static Optional<LeaseProblem> problem(
      EffectiveConfigs inForce,
      ClusterNode node,
      Map<Cidr, Long> publicIps,
      Set<String> overlapping) {
    EffectiveConfig terms = inForce.general();
    for (Cidr range : terms.ranges()) {
      Optional<Cidr> pods = node.podCidr(range.family());
      if (pods.isEmpty()) {
        return Optional.of(LeaseProblem.NO_POD_CIDR);
      }
      if (!range.contains(pods.get())) {
        return Optional.of(LeaseProblem.POD_CIDR_OUTSIDE);
      }
    }
    if (node.hasAddressIn(terms.ranges())) {
      return Optional.of(LeaseProblem.ADDRESS_IN_NETWORK);
    }
    if (overlapping.contains(node.name())) {
      return Optional.of(LeaseProblem.DUPLICATE_POD_CIDR);
    }
    Optional<Lease> lease = Lease.of(node);
    if (lease.isEmpty()) {
      return Optional.of(LeaseProblem.NOT_REGISTERED);
    }
    EffectiveConfig own = inForce.on(node);
    if (!lease.get().backendType().equals(own.backendType())) {
      return Optional.of(LeaseProblem.OTHER_BACKEND);
    }
    // A node that a rollout has not reached has none of a family that it adds; but each is probed
    // at an address of the present configuration's first.
    List<Cidr> ownIps = publicIps(own, lease.get());
    if (ownIps.size() < own.ranges().size() || lease.get().publicIp(terms.family()).isEmpty()) {
      return Optional.of(LeaseProblem.NO_PUBLIC_IP);
    }
    boolean shared = ownIps.stream().anyMatch(ip -> publicIps.getOrDefault(ip, 0L) > 1);
    return shared ? Optional.of(LeaseProblem.DUPLICATE_PUBLIC_IP) : Optional.empty();
  }

  /**
   * The nodes whose podCIDR overlaps another's. Ranges either nest or are apart, so in the order of
   * their first address a range overlaps an earlier one only if it lies in the last widest.
   */
  private static Set<String> overlapping(EffectiveConfig terms, List<ClusterNode> members) {
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
