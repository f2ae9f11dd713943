package io.flannel.operator.decide.leftover;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.AgentReport.Finding;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.EffectiveConfig;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * On which nodes what flannel left is to be removed now. While nodes still change it is what
 * carries packets; so not before every node runs what is in force, publishes it, and is healthy but
 * for what is left over.
 *
 * @param tasks by node
 * @param underWay whether a node may still need it: then it is no problem that it is there
 */
public record LeftOverRemoval(LeftOverTasks tasks, boolean underWay) {
  private static final Set<NodeFault> CURED =
      EnumSet.of(NodeFault.LEFT_OVERS, NodeFault.ROUTE_STALE);

  /** Whether the removal ends it; until then no packet suffers from it. */
  public static boolean cures(NodeFault fault) {
    return CURED.contains(fault);
  }

  /**
   * Decides.
   *
   * @param suspected by node, what its last task took for ranges of nodes that are gone, and those
   *     that its order named
   */
  public static LeftOverRemoval of(Observation seen, Map<String, Set<Cidr>> suspected) {
    DesiredNetwork wanted = seen.wanted();
    ClusterState cluster = seen.cluster();
    List<NodeLease> leases = seen.leases();
    boolean moved =
        cluster.live().map(LiveFlannel::pods).filter(LiveFlannel.PodCounts::complete).isPresent()
            && leases.stream().noneMatch(lease -> lease.problem().isPresent());
    List<ClusterNode> due =
        moved
            ? leases.stream().map(NodeLease::node).filter(ill(seen.reports())).toList()
            : List.of();
    EffectiveConfig terms = EffectiveConfig.of(wanted, cluster);
    if (due.isEmpty() || terms.backend().isEmpty() || !healthy(seen)) {
      return new LeftOverRemoval(LeftOverTasks.NONE, !moved);
    }
    List<ClusterNode> leased = new ArrayList<>(NodeLease.leasedBeside(wanted, cluster));
    leases.forEach(lease -> leased.add(lease.node()));
    Predicate<Cidr> nobodys = isNobodys(cluster.nodes());
    SortedMap<String, LeftOverTasks.Own> nodes = new TreeMap<>();
    for (ClusterNode node : due) {
      Set<Cidr> suspects = suspected.getOrDefault(node.name(), Set.of());
      nodes.put(node.name(), own(terms, node, suspects.stream().filter(nobodys)));
    }
    return new LeftOverRemoval(
        new LeftOverTasks(common(terms, terms.backend().get(), leased), nodes), false);
  }

  private static Predicate<ClusterNode> ill(Map<String, AgentReport> reports) {
    return node ->
        reports.get(node.name()) instanceof Received report
            && report.findings().stream().map(Finding::fault).anyMatch(LeftOverRemoval::cures);
  }

  private static boolean healthy(Observation seen) {
    Map<String, AgentReport> others = new TreeMap<>(seen.reports());
    others.replaceAll(
        (_, report) ->
            report.withFindings(findings -> findings.filter(finding -> !cures(finding.fault()))));
    return TunnelVerdicts.judge(seen.wanted().health(), seen.leases(), others, seen.previous())
        .nodes()
        .values()
        .stream()
        .allMatch(node -> node.tunnel() == Tunnel.HEALTHY);
  }

  /**
   * The same with nothing to be done now.
   *
   * @param soon whether that is about to change
   */
  public LeftOverRemoval postponed(boolean soon) {
    return new LeftOverRemoval(LeftOverTasks.NONE, underWay || soon);
  }

  /**
   * The reports as they are to be told of: what is left over is a problem only where it stays.
   *
   * @param failed by node, why its task failed
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
    if (finding.fault() != NodeFault.LEFT_OVERS) {
      return Stream.of(finding);
    }
    if (failure.isPresent()) {
      return Stream.of(
          new Finding(
              finding.fault(),
              "the task that removes them: %s. %s".formatted(failure.get(), finding.seen()),
              finding.peer()));
    }
    return underWay || tasks.nodes().containsKey(node) ? Stream.empty() : Stream.of(finding);
  }

  /** Those that no Node has by now: one that has joined had its range before it had a route. */
  private static Predicate<Cidr> isNobodys(List<ClusterNode> nodes) {
    Map<Cidr, Boolean> judged = new HashMap<>();
    List<Cidr> taken = podCidrs(nodes);
    // After a node has gone, all others suspect its range.
    return suspect ->
        judged.computeIfAbsent(suspect, range -> taken.stream().noneMatch(range::overlaps));
  }

  private static List<Cidr> podCidrs(List<ClusterNode> nodes) {
    return nodes.stream()
        .flatMap(node -> node.podCidrs().stream())
        .flatMap(range -> Cidr.tryParse(range).stream())
        .toList();
  }

  /** What all orders have in common: the nodes' own ranges are among the live ones. */
  private static LeftOverTask common(
      EffectiveConfig terms, Backend backend, List<ClusterNode> leased) {
    return new LeftOverTask(
        terms.ranges().stream()
            .flatMap(network -> backend.device(network.family()).stream())
            .distinct()
            .toList(),
        terms.ranges().stream()
            .map(
                network ->
                    new LeftOverTask.Range(
                        network.toString(),
                        "",
                        leased.stream()
                            .flatMap(node -> node.podCidr(network.family()).stream())
                            .map(Cidr::toString)
                            .toList(),
                        true,
                        backend.routesWholeNetwork()
                            ? backend.device(network.family()).orElse(null)
                            : null))
            .toList(),
        List.of());
  }

  private static LeftOverTasks.Own own(EffectiveConfig terms, ClusterNode node, Stream<Cidr> gone) {
    return new LeftOverTasks.Own(
        terms.ranges().stream()
            .map(network -> node.podCidr(network.family()).orElseThrow().toString())
            .toList(),
        gone.map(Cidr::toString).sorted().toList());
  }
}
