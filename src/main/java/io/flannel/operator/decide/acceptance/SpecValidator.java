package io.flannel.operator.decide.acceptance;

import static java.util.Comparator.comparing;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.adoption.AdoptionValidator;
import io.flannel.operator.decide.adoption.ForeignFlannelValidator;
import io.flannel.operator.decide.change.ChangeImpact;
import io.flannel.operator.decide.change.Disruption;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Lease;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/**
 * Judges whether a FlannelNetwork can be carried out on the cluster as it is. The schema has
 * already refused what is wrong in the spec itself.
 *
 * <p>No check refuses what already runs: that could not undo it, and would hold up its repair. Such
 * faults are shown at the nodes that have them.
 */
public final class SpecValidator {
  private static final List<BiFunction<DesiredNetwork, ClusterState, Optional<Decision>>> CHECKS =
      List.of(
          SpecValidator::anotherNetwork,
          ForeignFlannelValidator::refusal,
          AdoptionValidator::refusal,
          SpecValidator::serviceRange,
          SpecValidator::nodeAddress,
          SpecValidator::podCidrOutside,
          SpecValidator::podCidrMissing,
          SpecValidator::noIpv4Address,
          ChangeValidator::familyInUse,
          ChangeValidator::publishesIpv6Only);

  private SpecValidator() {}

  /**
   * Judges the network. Of several causes, the first in the order above is named. The last one is
   * that a change cuts traffic and {@code spec.rollout.disruption} does not allow it.
   */
  public static Decision judge(DesiredNetwork wanted, ClusterState cluster) {
    return refusal(wanted, cluster)
        .or(() -> disruption(wanted, cluster))
        .orElseGet(Decision::accept);
  }

  /** Returns why the network can't be carried out on this cluster; empty if it can. */
  static Optional<Decision> refusal(DesiredNetwork wanted, ClusterState cluster) {
    return CHECKS.stream().flatMap(check -> check.apply(wanted, cluster).stream()).findFirst();
  }

  /** Returns what the change from the live to the wanted network means on this cluster. */
  public static ChangeImpact change(DesiredNetwork wanted, ClusterState cluster) {
    ChangeImpact change = ChangeImpact.judge(wanted, cluster);
    return !(change instanceof ChangeImpact.None)
            && refusal(wanted, cluster).orElse(null) instanceof Decision.Refuse refuse
        ? new ChangeImpact.Refused(
            change.differences(), refuse.reason(), refuse.message(), refuse.remedy())
        : change;
  }

  private static Optional<Decision> disruption(DesiredNetwork wanted, ClusterState cluster) {
    return !wanted.disruptionAllowed()
            && ChangeImpact.judge(wanted, cluster) instanceof ChangeImpact.Disruptive change
        ? Optional.of(
            Decision.refuse(
                "DisruptiveChange",
                change.message(),
                "set spec.rollout.disruption to Allow, in a maintenance window, to carry it out all"
                    + " the same; or set the fields back: what ran runs on until then"))
        : Optional.empty();
  }

  /**
   * Refuses to replace flannel's pods if nothing that the spec says has changed, such as after an
   * upgrade of the operator, and it would cut traffic without being allowed to.
   *
   * @param course how the rollout would go on
   */
  public static Optional<Decision> otherPods(
      DesiredNetwork wanted, ClusterState cluster, RolloutState course) {
    if (wanted.disruptionAllowed()
        || !course.begins(cluster)
        || !(ChangeImpact.judge(wanted, cluster) instanceof ChangeImpact.None)) {
      return Optional.empty();
    }
    List<String> cuts = Disruption.of(cluster.live().orElseThrow(), wanted, cluster);
    return cuts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Decision.refuse(
                "DisruptiveChange",
                "flannel's pods are to be replaced by others that differ in nothing that the spec says,"
                    + " but in how this operator makes them, which cuts traffic: "
                    + String.join(". ", cuts),
                "set spec.rollout.disruption to Allow, in a maintenance window; what runs runs on until"
                    + " then"));
  }

  /** Whether this network is the cluster's: the oldest one is. */
  public static boolean inCharge(DesiredNetwork wanted, ClusterState cluster) {
    return anotherNetwork(wanted, cluster).isEmpty();
  }

  private static Optional<Decision> anotherNetwork(DesiredNetwork wanted, ClusterState cluster) {
    return cluster.networks().stream()
        .min(comparing(NetworkRef::created).thenComparing(NetworkRef::name))
        .filter(oldest -> !oldest.name().equals(wanted.name()))
        .map(
            oldest ->
                Decision.refuse(
                    "AnotherNetworkInCharge",
                    "FlannelNetwork '%s' is older and in charge: a cluster has one flannel network"
                        .formatted(oldest.name()),
                    "change '%s', or delete the one of the two that you don't want"
                        .formatted(oldest.name())));
  }

  private static Optional<Decision> serviceRange(DesiredNetwork wanted, ClusterState cluster) {
    return newRanges(wanted, cluster)
        .flatMap(
            range ->
                cluster.serviceRanges().stream()
                    .filter(service -> service.range().overlaps(range))
                    .map(
                        service ->
                            Decision.refuse(
                                "OverlapsServiceRange",
                                "%s overlaps the Service range %s (ServiceCIDR '%s'): packets to"
                                        .formatted(range, service.range(), service.name())
                                    + " those Services would be taken for packets to pods",
                                "choose a range for pods outside %s; it must hold the nodes'"
                                        .formatted(service.range())
                                    + " podCIDRs")))
        .findFirst();
  }

  private static Optional<Decision> nodeAddress(DesiredNetwork wanted, ClusterState cluster) {
    return newRanges(wanted, cluster)
        .flatMap(range -> cluster.nodes().stream().flatMap(node -> addressIn(range, node)))
        .findFirst();
  }

  /** Returns the ranges in force. A lost ConfigMap with the wanted hash held the wanted ones. */
  static List<Cidr> liveRanges(DesiredNetwork wanted, ClusterState cluster) {
    return cluster
        .live()
        .flatMap(LiveFlannel::config)
        .map(AppliedConfig::ranges)
        .or(
            () ->
                cluster
                    .live()
                    .filter(live -> live.configHash().equals(NetConf.of(wanted).hash()))
                    .map(live -> wanted.ranges()))
        // A flannel to adopt has the wanted ranges; otherwise it was refused before.
        .orElseGet(
            () ->
                AdoptionValidator.candidate(wanted, cluster).isEmpty()
                    ? List.of()
                    : wanted.ranges());
  }

  /** The wanted ranges that are not in force yet. */
  private static Stream<Cidr> newRanges(DesiredNetwork wanted, ClusterState cluster) {
    List<Cidr> live = liveRanges(wanted, cluster);
    return wanted.ranges().stream().filter(range -> !live.contains(range));
  }

  private static Stream<Decision> addressIn(Cidr range, ClusterNode node) {
    return node.internalIps().stream()
        .filter(ip -> Cidr.tryAddress(ip).filter(range::contains).isPresent())
        .map(
            ip ->
                Decision.refuse(
                    "OverlapsNodeAddress",
                    "%s holds the address %s of node %s: packets to that node would be sent into"
                            .formatted(range, ip, node.name())
                        + " the overlay that needs the node's address to work",
                    "choose a range for pods that holds no node's address"));
  }

  private static Optional<Decision> podCidrOutside(DesiredNetwork wanted, ClusterState cluster) {
    List<Cidr> live = liveRanges(wanted, cluster);
    List<ClusterNode> stranded =
        cluster.nodes().stream()
            .filter(wanted.pods()::runOn)
            .filter(node -> outside(wanted.ranges(), node))
            .filter(node -> live.isEmpty() || !outside(live, node))
            .toList();
    return stranded.stream()
        .findFirst()
        .map(
            first ->
                Decision.refuse(
                    "PodCIDROutside",
                    "%s in %s (%s has %s): flannel would exit there"
                        .formatted(
                            stranded.size() == 1
                                ? "the podCIDR of node " + first.name() + " is not"
                                : "the podCIDRs of " + names(stranded) + " are not",
                            Names.and(wanted.ranges().stream().map(Cidr::toString).toList()),
                            first.name(),
                            Names.and(first.podCidrs())),
                    "set cidr and ipv6CIDR to the controller-manager's --cluster-cidr, which the"
                        + " podCIDRs are taken from"));
  }

  /**
   * Refuses a new family if nodes have a lease but no podCIDR of that family: they would lose the
   * lease. At an installation they may still get a podCIDR.
   */
  private static Optional<Decision> podCidrMissing(DesiredNetwork wanted, ClusterState cluster) {
    return newFamilies(wanted, cluster)
        .flatMap(
            range -> {
              List<ClusterNode> without =
                  cluster.nodes().stream()
                      .filter(wanted.pods()::runOn)
                      .filter(node -> Lease.of(node).isPresent())
                      .filter(node -> node.podCidr(range.family()).isEmpty())
                      .toList();
              return without.isEmpty()
                  ? Stream.empty()
                  : Stream.of(
                      Decision.refuse(
                          "NoPodCIDR",
                          "%s no podCIDR for %s: a node that lacks one of the network's families"
                                  .formatted(
                                      names(without) + (without.size() == 1 ? " has" : " have"),
                                      range)
                              + " is ignored by its peers and would be cut off",
                          "give the controller-manager a --cluster-cidr of both families, then"
                              + " replace the nodes one by one, so that each registers with"
                              + " podCIDRs of both; the network can be changed after the last"));
            })
        .findFirst();
  }

  /** The wanted ranges of families that a running flannel does not carry yet; none without one. */
  private static Stream<Cidr> newFamilies(DesiredNetwork wanted, ClusterState cluster) {
    List<Cidr.Family> live = liveRanges(wanted, cluster).stream().map(Cidr::family).toList();
    return wanted.ranges().stream()
        .filter(range -> !live.isEmpty() && !live.contains(range.family()));
  }

  private static String names(List<ClusterNode> nodes) {
    return Names.ofNodes(nodes.stream().map(ClusterNode::name).toList());
  }

  /**
   * Whether the node has a podCIDR outside the range of its family. Having none is another case.
   */
  private static boolean outside(List<Cidr> ranges, ClusterNode node) {
    return ranges.stream()
        .anyMatch(
            range ->
                node.podCidr(range.family()).filter(pods -> !range.contains(pods)).isPresent());
  }

  /**
   * Refuses if a node reports addresses, but none of IPv4. There is no such check for IPv6:
   * kubelets often report only one family, and flannel looks at the interface itself.
   */
  private static Optional<Decision> noIpv4Address(DesiredNetwork wanted, ClusterState cluster) {
    boolean live =
        liveRanges(wanted, cluster).stream().anyMatch(range -> range.family() == Cidr.Family.IPV4);
    if (wanted.cidr().isEmpty() || live) {
      return Optional.empty();
    }
    return cluster.nodes().stream()
        .filter(wanted.pods()::runOn)
        .filter(node -> Lease.of(node).flatMap(Lease::publicIp).isEmpty())
        .filter(node -> !node.internalIps().isEmpty())
        .filter(node -> node.internalIps().stream().noneMatch(SpecValidator::isIpv4))
        .findFirst()
        .map(
            node ->
                Decision.refuse(
                    "NodeWithoutIPv4",
                    "node %s has no IPv4 address (%s), and %s"
                        .formatted(
                            node.name(),
                            Names.and(node.internalIps()),
                            wanted.backend().carriesIpv6()
                                ? "the network's cidr needs one on every node"
                                : wanted.backend().type().wireName() + " carries IPv4 only"),
                    "give the node an IPv4 address, keep flannel off it by flannel.nodeSelector, or"
                        + " use an IPv6-only network with vxlan, host-gw or wireguard"));
  }

  private static boolean isIpv4(String address) {
    return Cidr.tryAddress(address).filter(it -> it.family() == Cidr.Family.IPV4).isPresent();
  }
}
