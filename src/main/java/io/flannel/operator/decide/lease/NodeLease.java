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
 * Whether a node has a valid lease, and if not, why.
 *
 * @param lease what flannel published for the node, valid or not
 * @param problem why the node has no valid lease; empty if it has one
 */
public record NodeLease(ClusterNode node, Optional<Lease> lease, Optional<LeaseProblem> problem) {

  /**
   * Judges every node of the network, in the given order. These are the nodes that the spec selects
   * and those that the live template selects, since a spec may be refused, paused or reverted.
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
   * Returns nodes that the node selector or tolerations exclude from the network, but that still
   * have a lease. flannel may run there, or ran there while they were part of the network. Peers
   * reach their pods by routes from that time.
   */
  public static List<ClusterNode> leasedBeside(DesiredNetwork wanted, ClusterState cluster) {
    return cluster.nodes().stream()
        .filter(member(wanted, cluster).negate())
        .filter(node -> Lease.of(node).isPresent())
        .toList();
  }

  /**
   * The addresses that peers send packets to, one for each family that the node published one for.
   */
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
    // A node that a rollout has not reached publishes no address of a family that the rollout adds.
    // But every node is probed at an address of the current configuration's first family.
    List<Cidr> ownIps = publicIps(own, lease.get());
    if (ownIps.size() < own.ranges().size() || lease.get().publicIp(terms.family()).isEmpty()) {
      return Optional.of(LeaseProblem.NO_PUBLIC_IP);
    }
    boolean shared = ownIps.stream().anyMatch(ip -> publicIps.getOrDefault(ip, 0L) > 1);
    return shared ? Optional.of(LeaseProblem.DUPLICATE_PUBLIC_IP) : Optional.empty();
  }

  /**
   * Returns the nodes whose podCIDR overlaps another's. Two ranges either nest or are disjoint. So,
   * sorted by first address, a range overlaps an earlier one only if the last widest range contains
   * it.
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
