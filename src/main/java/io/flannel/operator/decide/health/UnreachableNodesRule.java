package io.flannel.operator.decide.health;

import static io.flannel.operator.decide.health.PathState.SILENT;
import static io.flannel.operator.decide.health.PathState.UNDECIDED;
import static io.flannel.operator.decide.health.PathState.UNMEASURED;
import static io.flannel.operator.decide.health.PathState.UNREACHABLE;
import static io.flannel.operator.decide.problem.TunnelProblem.AGENT_SILENT;
import static io.flannel.operator.decide.problem.TunnelProblem.NODE_UNREACHABLE;
import static io.flannel.operator.decide.problem.TunnelProblem.PUBLIC_IP_WRONG;
import static java.time.Duration.ZERO;

import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.ProblemReason;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Finds the nodes that nobody hears: those that are down, and those where only the agent is. Their
 * own reports are outdated, and may say that all is well.
 */
final class UnreachableNodesRule {
  private final Diagnosis it;
  private final Set<String> foreignPublicIps;

  private UnreachableNodesRule(Diagnosis it) {
    this.it = it;
    this.foreignPublicIps = it.evidence().foreignPublicIps();
  }

  static void judge(Diagnosis it) {
    var judge = new UnreachableNodesRule(it);
    judge.starting();
    judge.nodes();
    judge.pairs();
  }

  /**
   * Leaves pairs undecided if an agent was told to stop or has just started: that it and others
   * hear nothing of each other proves nothing. A node that does not answer at all is evidence.
   */
  private void starting() {
    for (NodePair pair : it.open()) {
      if (pair.mutuallySilent() || pair.state() == SILENT || pair.state() == UNDECIDED) {
        it.leaveOpenAsLongAs(pair, this::stillStarting);
      }
    }
  }

  private Optional<Duration> stillStarting(String node) {
    return Optional.ofNullable(it.evidence().heard().get(node))
        .flatMap(
            report ->
                report.stopping()
                    ? Optional.of(it.patience().forAgentsToStart().minus(report.age()))
                    : report.agentFor().map(it.patience().forProbesToPass()::minus))
        .filter(Duration::isPositive);
  }

  private void nodes() {
    Predicate<NodePair> failing = pair -> pair.state().gone();
    Map<String, Integer> missed = missed();
    Set<String> blamed = new TreeSet<>(missed.keySet());
    blamed.removeIf(this::isReady);
    // What two nodes that others miss say of each other is outdated.
    Predicate<NodePair> stale =
        pair -> missed.getOrDefault(pair.a(), 0) >= 2 && missed.getOrDefault(pair.b(), 0) >= 2;
    List<NodePair> telling =
        it.open().stream()
            .filter(pair -> !blamed.contains(pair.a()) && !blamed.contains(pair.b()))
            .filter(pair -> failing.test(pair) || !stale.test(pair))
            .toList();
    blamed.addAll(FaultLocalizer.of(telling, failing));
    if (blamed.isEmpty() && telling.size() == 1 && failing.test(telling.getFirst())) {
      // One pair has no majority: the end that only the other one misses is to blame.
      telling.getFirst().goneToTheOther().ifPresent(blamed::add);
    }
    blamed.forEach(it::isGone);
    for (String node : blamed) {
      node(node, it.openOf(node).filter(failing).toList());
    }
    it.explained(
        it.open().stream()
            .filter(pair -> blamed.contains(pair.a()) || blamed.contains(pair.b()))
            .toList());
  }

  /** Counts, by node, the others that hear nothing of it while it misses none of them. */
  private Map<String, Integer> missed() {
    Map<String, Integer> claims = new HashMap<>();
    for (NodePair pair : it.open()) {
      pair.goneToTheOther().ifPresent(node -> claims.merge(node, 1, Integer::sum));
    }
    return claims;
  }

  private boolean isReady(String node) {
    NodeLease lease = it.evidence().leased().get(node);
    return lease != null && lease.node().ready();
  }

  private void node(String node, List<NodePair> lost) {
    List<PathState> byOthers =
        it.evidence().pairsOf(node).stream()
            .filter(pair -> !it.gone().contains(pair.other(node)))
            .map(pair -> pair.seenFrom(pair.other(node)))
            .filter(state -> state != UNMEASURED)
            .toList();
    long claims = byOthers.stream().filter(PathState::gone).count();
    if (claims == 0 && isReady(node)) {
      it.gone().remove(node);
      it.doubt(node);
      tell(node, lost, it.patience().forTheControlPlane());
      return;
    }
    boolean allAgree = claims >= 2 && claims == byOthers.size();
    boolean undecided = count(lost, UNDECIDED) > 0 && count(lost, SILENT) == 0;
    if (undecided) {
      tell(node, lost, it.patience().forTheOtherEnd());
    } else if (allAgree) {
      tell(node, lost, ZERO);
    } else {
      tell(
          node,
          lost,
          count(lost, SILENT) > 0
              ? it.patience().forTheOthers()
              : it.patience().afterTheLastQuestion());
    }
  }

  private void tell(String node, List<NodePair> lost, Duration needed) {
    Duration held = Diagnosis.held(lost, PathState::gone);
    it.tellAt(node, cause(node, lost), "", held, needed);
  }

  /**
   * Returns the cause. An answer proves that a node is alive; silence does not prove that it is
   * not.
   */
  private ProblemReason cause(String node, List<NodePair> lost) {
    long alive = count(lost, SILENT);
    if (alive > 0 && alive >= count(lost, UNREACHABLE)) {
      return AGENT_SILENT;
    }
    return foreignPublicIps.contains(node) ? PUBLIC_IP_WRONG : NODE_UNREACHABLE;
  }

  private static long count(List<NodePair> pairs, PathState state) {
    return pairs.stream().filter(pair -> pair.state() == state).count();
  }

  /**
   * Blames the path between two nodes that don't hear each other while others hear both. If only
   * one end says so, and the other node is alive, the rule for tunnels decides.
   */
  private void pairs() {
    for (NodePair pair : it.open()) {
      if (!pair.state().gone()) {
        continue;
      }
      Optional<String> returning = it.recovering(pair, AGENT_SILENT);
      if (returning.isPresent()) {
        it.tellAt(returning.get(), AGENT_SILENT, "");
        it.explained(List.of(pair));
      } else if (pair.state() != SILENT) {
        it.tellBetween(pair, NODE_UNREACHABLE, PathState::gone, it.patience().forTheOtherEnd());
        it.explained(List.of(pair));
      }
    }
  }
}
