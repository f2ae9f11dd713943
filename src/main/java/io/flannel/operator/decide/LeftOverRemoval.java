package io.flannel.operator.decide;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.AgentReport.Finding;
import io.flannel.operator.decide.AgentReport.Received;
import io.flannel.operator.overlay.Backend;
import io.flannel.operator.overlay.Cidr;
import io.flannel.operator.overlay.ClusterNode;
import io.flannel.operator.overlay.LiveFlannel;
import io.flannel.operator.overlay.WantedNetwork;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * On which nodes what flannel left is to be removed now. While nodes still change it is what
 * carries packets; so not before every node runs what is in force, publishes it, and is healthy but
 * for what is left over.
 *
 * @param orders by node
 * @param underWay whether a node may still need it: then it is no problem that it is there
 */
public record LeftOverRemoval(SortedMap<String, LeftOversOrder> orders, boolean underWay) {
  private static final Set<LocalFault> CURED =
      EnumSet.of(LocalFault.LEFT_OVERS, LocalFault.ROUTE_STALE);

  /** Linux takes 128 KiB of an environment variable (MAX_ARG_STRLEN). */
  private static final int LIMIT = 100_000;

  /** Whether the removal ends it; until then no packet suffers from it. */
  static boolean cures(LocalFault fault) {
    return CURED.contains(fault);
  }

  /**
   * Decides.
   *
   * @param leases every node of the network
   * @param reports by node
   * @param before what was last said
   * @param suspected by node, what its last step took for ranges of nodes that are gone, and those
   *     that its order named
   */
  public static LeftOverRemoval of(
      WantedNetwork wanted,
      ClusterState cluster,
      List<NodeLease> leases,
      Map<String, AgentReport> reports,
      LastSaid before,
      Map<String, Set<Cidr>> suspected) {
    SortedMap<String, LeftOversOrder> orders = new TreeMap<>();
    boolean moved =
        cluster.live().map(LiveFlannel::pods).filter(LiveFlannel.PodCounts::complete).isPresent()
            && leases.stream().noneMatch(lease -> lease.problem().isPresent());
    if (moved && healthy(wanted, leases, reports, before)) {
      Terms terms = Terms.of(wanted, cluster);
      List<ClusterNode> leased = new ArrayList<>(NodeLease.leasedBeside(wanted, cluster));
      leases.forEach(lease -> leased.add(lease.node()));
      List<Cidr> taken = suspected.isEmpty() ? List.of() : podCidrs(cluster.nodes());
      for (NodeLease lease : leases) {
        if (reports.get(lease.node().name()) instanceof Received report
            && report.findings().stream().map(Finding::fault).anyMatch(LeftOverRemoval::cures)) {
          String node = lease.node().name();
          List<String> gone = gone(suspected.getOrDefault(node, Set.of()), taken);
          terms
              .backend()
              .ifPresent(
                  backend -> orders.put(node, order(terms, backend, lease.node(), leased, gone)));
        }
      }
    }
    return new LeftOverRemoval(orders, !moved);
  }

  private static boolean healthy(
      WantedNetwork wanted,
      List<NodeLease> leases,
      Map<String, AgentReport> reports,
      LastSaid before) {
    Map<String, AgentReport> others = new TreeMap<>(reports);
    others.replaceAll(
        (_, report) ->
            report.withFindings(findings -> findings.filter(finding -> !cures(finding.fault()))));
    return TunnelVerdicts.judge(wanted.health(), leases, others, before).nodes().values().stream()
        .allMatch(node -> node.tunnel() == Tunnel.HEALTHY);
  }

  /**
   * The same with nothing to be done now.
   *
   * @param soon whether that is about to change
   */
  public LeftOverRemoval postponed(boolean soon) {
    return new LeftOverRemoval(new TreeMap<>(), underWay || soon);
  }

  /**
   * The reports as they are to be told of: what is left over is a problem only where it stays.
   *
   * @param failed by node, why its step failed
   */
  public Map<String, AgentReport> told(
      Map<String, AgentReport> reports, Map<String, String> failed) {
    Map<String, AgentReport> told = new TreeMap<>(reports);
    told.replaceAll(
        (node, report) ->
            report.withFindings(
                findings ->
                    findings.flatMap(
                        finding -> told(finding, node, Optional.ofNullable(failed.get(node))))));
    return told;
  }

  private Stream<Finding> told(Finding finding, String node, Optional<String> failure) {
    if (finding.fault() != LocalFault.LEFT_OVERS) {
      return Stream.of(finding);
    }
    if (failure.isPresent()) {
      return Stream.of(
          new Finding(
              finding.fault(),
              "the step that removes them: %s. %s".formatted(failure.get(), finding.seen()),
              finding.peer()));
    }
    return underWay || orders.containsKey(node) ? Stream.empty() : Stream.of(finding);
  }

  private static List<Cidr> podCidrs(List<ClusterNode> nodes) {
    return nodes.stream()
        .flatMap(node -> node.podCidrs().stream())
        .flatMap(range -> Cidr.tryParse(range).stream())
        .toList();
  }

  /** Those that no Node has by now: one that has joined had its range before it had a route. */
  private static List<String> gone(Set<Cidr> suspected, List<Cidr> taken) {
    return suspected.stream()
        .filter(range -> taken.stream().noneMatch(range::overlaps))
        .map(Cidr::toString)
        .sorted()
        .toList();
  }

  private static LeftOversOrder order(
      Terms terms, Backend backend, ClusterNode node, List<ClusterNode> leased, List<String> gone) {
    LeftOversOrder all = order(terms, backend, node, leased, gone, true);
    return all.json().length() <= LIMIT
        ? all
        : order(terms, backend, node, leased, List.of(), false);
  }

  private static LeftOversOrder order(
      Terms terms,
      Backend backend,
      ClusterNode node,
      List<ClusterNode> leased,
      List<String> gone,
      boolean complete) {
    return new LeftOversOrder(
        terms.ranges().stream()
            .flatMap(network -> backend.device(network.family()).stream())
            .distinct()
            .toList(),
        terms.ranges().stream()
            .map(
                network ->
                    new LeftOversOrder.Range(
                        network.toString(),
                        node.podCidr(network.family()).orElseThrow().toString(),
                        complete ? others(node, leased, network.family()) : List.of(),
                        complete,
                        backend instanceof Backend.Wireguard
                            ? backend.device(network.family()).orElse(null)
                            : null))
            .toList(),
        gone);
  }

  private static List<String> others(
      ClusterNode node, List<ClusterNode> leased, Cidr.Family family) {
    return leased.stream()
        .filter(other -> !other.name().equals(node.name()))
        .flatMap(other -> other.podCidr(family).stream())
        .map(Cidr::toString)
        .toList();
  }
}
