package io.flannel.operator.decide.health;

import io.flannel.operator.decide.health.AgentReport.Path;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Lease;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The evidence for a diagnosis.
 *
 * @param leased the nodes with a valid lease; only these are probed
 * @param heard the reports of those that report
 * @param pairs all of their pairs with any measurement, sorted
 * @param pairsOf the same by node; nodes without any measurement are missing
 */
public record TunnelEvidence(
    SortedMap<String, NodeLease> leased,
    SortedMap<String, Received> heard,
    List<NodePair> pairs,
    Map<String, List<NodePair>> pairsOf) {

  public static TunnelEvidence of(List<NodeLease> leases, Map<String, AgentReport> reports) {
    SortedMap<String, NodeLease> leased = new TreeMap<>();
    leases.stream()
        .filter(lease -> lease.problem().isEmpty())
        .forEach(lease -> leased.put(lease.node().name(), lease));
    SortedMap<String, Received> heard = new TreeMap<>();
    leased
        .keySet()
        .forEach(
            name -> {
              if (reports.get(name) instanceof Received received && !received.silent()) {
                heard.put(name, received);
              }
            });
    List<NodePair> pairs = pairs(leased, heard);
    Map<String, List<NodePair>> pairsOf = new HashMap<>();
    for (NodePair pair : pairs) {
      pairsOf.computeIfAbsent(pair.a(), it -> new ArrayList<>()).add(pair);
      pairsOf.computeIfAbsent(pair.b(), it -> new ArrayList<>()).add(pair);
    }
    return new TunnelEvidence(leased, heard, pairs, pairsOf);
  }

  List<NodePair> pairsOf(String node) {
    return pairsOf.getOrDefault(node, List.of());
  }

  private static List<NodePair> pairs(
      SortedMap<String, NodeLease> leased, SortedMap<String, Received> heard) {
    SortedMap<String, SortedMap<String, NodePair>> byEnds = new TreeMap<>();
    heard.forEach(
        (node, report) -> {
          for (Path path : report.paths()) {
            String peer = path.peer();
            if (path.state() == PathState.UNMEASURED
                || peer.equals(node)
                || !isAtItsAddress(path, leased)) {
              continue;
            }
            boolean first = node.compareTo(peer) < 0;
            String a = first ? node : peer;
            String b = first ? peer : node;
            Optional<Path> view = Optional.of(path);
            byEnds
                .computeIfAbsent(a, it -> new TreeMap<>())
                .merge(
                    b,
                    first
                        ? new NodePair(a, b, view, Optional.empty())
                        : new NodePair(a, b, Optional.empty(), view),
                    (one, other) ->
                        new NodePair(
                            a, b, one.fromA().or(other::fromA), one.fromB().or(other::fromB)));
          }
        });
    return byEnds.values().stream().flatMap(others -> others.values().stream()).toList();
  }

  /** Whether the peer was probed at the address that it publishes now. */
  private static boolean isAtItsAddress(Path path, SortedMap<String, NodeLease> leased) {
    NodeLease lease = leased.get(path.peer());
    return lease != null
        && (path.address().isEmpty()
            || lease
                .lease()
                .flatMap(it -> it.publicIp(path.address().get().family()))
                .equals(path.address()));
  }

  /**
   * Counts the peers reached among the peers probed.
   *
   * @param byOthers whether to count the others' probes of the node instead of its own
   * @param gone whether a node's report is from before it fell silent
   */
  Optional<TunnelVerdict.Reach> reach(String node, boolean byOthers, Predicate<String> gone) {
    List<PathState> seen =
        pairsOf(node).stream()
            .filter(pair -> !byOthers || !gone.test(pair.other(node)))
            .map(pair -> pair.seenFrom(byOthers ? pair.other(node) : node))
            .filter(state -> state != PathState.UNMEASURED)
            .toList();
    return seen.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new TunnelVerdict.Reach(
                (int) seen.stream().filter(PathState::reached).count(), seen.size()));
  }

  /**
   * Returns the nodes whose public IP is none of the Node's addresses. That may be intended: if the
   * tunnels of any such node pass packets, none of them is suspect.
   */
  Set<String> foreignPublicIps() {
    Set<String> foreign = new TreeSet<>();
    leased.forEach(
        (name, lease) -> {
          List<Cidr> own =
              lease.node().internalIps().stream()
                  .flatMap(ip -> Cidr.tryAddress(ip).stream())
                  .toList();
          Optional<Cidr> published = lease.lease().flatMap(Lease::underlay);
          if (published.isPresent()
              && own.stream().anyMatch(ip -> ip.family() == published.get().family())
              && !own.contains(published.get())) {
            foreign.add(name);
          }
        });
    boolean meant =
        pairs.stream()
            .filter(pair -> foreign.contains(pair.a()) || foreign.contains(pair.b()))
            .anyMatch(pair -> pair.state().reached());
    return meant ? Set.of() : foreign;
  }
}
