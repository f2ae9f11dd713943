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
 * Decides where left-overs are removed now. During a rollout they still carry packets, so removal
 * waits until every node runs and publishes the current configuration and is otherwise healthy. It
 * does not wait for the tunnels of a backend with one route for the whole network (wireguard):
 * narrower routes that are left over divert packets from it, in the clear and, toward a node whose
 * old device is gone, to nobody. So they may be the very reason why tunnels are ill.
 *
 * @param tasks the tasks that remove them, by node
 * @param underWay whether a node may still need the left-overs: then they are no problem
 */
public record LeftOverRemoval(LeftOverTasks tasks, boolean underWay) {
  private static final Set<NodeFault> CURED =
      EnumSet.of(NodeFault.LEFT_OVERS, NodeFault.ROUTE_STALE);

  /** Whether the removal ends this fault. Until then no packet suffers from it. */
  public static boolean cures(NodeFault fault) {
    return CURED.contains(fault);
  }

  /**
   * Decides where to remove left-overs now.
   *
   * @param suspected ranges that may be those of deleted nodes, by node: those that its last task
   *     found, and those that the task's input named
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
    Optional<Backend> backend = terms.backend();
    boolean diverted = backend.filter(Backend::routesWholeNetwork).isPresent();
    if (due.isEmpty() || backend.isEmpty() || (!diverted && !healthy(seen))) {
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
        new LeftOverTasks(common(terms, backend.get(), leased), nodes), false);
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
   * Returns the decision to remove nothing now.
   *
   * @param soon whether a change is waiting to begin, so that left-overs are no problem
   */
  public LeftOverRemoval postponed(boolean soon) {
    return new LeftOverRemoval(LeftOverTasks.NONE, underWay || soon);
  }

  /**
   * Returns the reports without left-overs that are no problem: those that a node may still need,
   * and those that a task removes without having failed.
   *
   * @param failed why a node's task failed, by node
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

  /**
   * Matches ranges that no Node has now: a node that joins gets its range before anyone has a route
   * to it.
   */
  private static Predicate<Cidr> isNobodys(List<ClusterNode> nodes) {
    Map<Cidr, Boolean> judged = new HashMap<>();
    List<Cidr> taken = podCidrs(nodes);
    // Cached: after a node is deleted, all others suspect its range.
    return suspect ->
        judged.computeIfAbsent(suspect, range -> taken.stream().noneMatch(range::overlaps));
  }

  private static List<Cidr> podCidrs(List<ClusterNode> nodes) {
    return nodes.stream()
        .flatMap(node -> node.podCidrs().stream())
        .flatMap(range -> Cidr.tryParse(range).stream())
        .toList();
  }

  /** Returns what all inputs share. The live ranges include each node's own. */
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
