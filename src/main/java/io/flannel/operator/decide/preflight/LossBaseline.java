package io.flannel.operator.decide.preflight;

import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.AgentReport.Path;
import io.flannel.operator.decide.health.NodePair;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.health.TunnelEvidence;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.preflight.PreflightLosses.Pair;
import io.flannel.operator.flannel.Cidr;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The pairs of nodes whose tunnel has lost packets for long. If a pre-flight's packets are lost
 * between them, too, that says nothing against a change: it can't break what does not work. Where a
 * node's agent is silent, no loss is known.
 *
 * @param family the address family that was measured
 * @param all the pairs that lose even small packets
 * @param fullSize the pairs that lose only full-size packets
 */
record LossBaseline(Cidr.Family family, Set<Pair> all, Set<Pair> fullSize) {
  /**
   * How long a pair must have lost packets. This is longer than any {@link PreflightRound}'s
   * verdict stays in force. Otherwise a pair whose tunnel fails after its pre-flight failed would
   * lift that verdict, recover, and then be cut by the change.
   */
  static final Duration LONG = Duration.ofMinutes(15);

  /**
   * Reads the node agents' reports; without them no loss is known.
   *
   * @param family the address family that they measure
   */
  static LossBaseline of(
      Cidr.Family family, List<NodeLease> leases, Map<String, AgentReport> reports) {
    List<NodePair> pairs = TunnelEvidence.of(leases, reports).pairs();
    return new LossBaseline(
        family, longSeen(pairs, PathState.TUNNEL_LOST), longSeen(pairs, PathState.FULL_SIZE_LOST));
  }

  /** Whether the pair already lost all packets of these families. */
  boolean all(Pair pair, Set<Cidr.Family> families) {
    return all.contains(pair) && isMeasured(families);
  }

  /** Whether the pair already lost full-size packets of these families. */
  boolean fullSize(Pair pair, Set<Cidr.Family> families) {
    return (all.contains(pair) || fullSize.contains(pair)) && isMeasured(families);
  }

  private boolean isMeasured(Set<Cidr.Family> families) {
    return Set.of(family).containsAll(families);
  }

  /**
   * Returns the pairs that have long been in this state. Each end that has a report must say so.
   */
  private static Set<Pair> longSeen(List<NodePair> pairs, PathState state) {
    return pairs.stream()
        .filter(
            pair ->
                Stream.of(pair.fromA(), pair.fromB())
                    .flatMap(it -> it.stream())
                    .allMatch(view -> hasLongBeen(view, state)))
        .map(pair -> new Pair(pair.a(), pair.b()))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static boolean hasLongBeen(Path view, PathState state) {
    return view.state() == state && view.held().compareTo(LONG) >= 0;
  }
}
