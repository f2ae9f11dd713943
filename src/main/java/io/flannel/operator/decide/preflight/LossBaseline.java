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
 * The pairs of nodes whose tunnel has lost packets for long. That a pre-flight's are lost between
 * them, too, says nothing against a change: it can't take what is not there. Where a node's agent
 * is silent nobody knows that anything is lost.
 *
 * @param family that was measured
 * @param all where even small packets are lost
 * @param fullSize where only full-size ones are
 */
record LossBaseline(Cidr.Family family, Set<Pair> all, Set<Pair> fullSize) {
  /**
   * Longer than the verdict of any {@link PreflightRound} is in force. A pair that fell ill after
   * it was tried may get well again, and then it must not lose by the change what was refused.
   */
  static final Duration LONG = Duration.ofMinutes(15);

  /**
   * What the node agents say; without them nothing is known to be lost.
   *
   * @param family that they measure
   */
  static LossBaseline of(
      Cidr.Family family, List<NodeLease> leases, Map<String, AgentReport> reports) {
    List<NodePair> pairs = TunnelEvidence.of(leases, reports).pairs();
    return new LossBaseline(
        family, longSeen(pairs, PathState.TUNNEL_LOST), longSeen(pairs, PathState.FULL_SIZE_LOST));
  }

  /** Whether it was so already that a pair loses all of these packets. */
  boolean all(Pair pair, Set<Cidr.Family> families) {
    return all.contains(pair) && isMeasured(families);
  }

  /** Whether it was so already that a pair loses those of full size. */
  boolean fullSize(Pair pair, Set<Cidr.Family> families) {
    return (all.contains(pair) || fullSize.contains(pair)) && isMeasured(families);
  }

  private boolean isMeasured(Set<Cidr.Family> families) {
    return Set.of(family).containsAll(families);
  }

  /** Each end that has a report must say so. */
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
