package io.flannel.operator.decide.health;

import static io.flannel.operator.decide.health.PathState.FULL_SIZE_LOST;
import static io.flannel.operator.decide.health.PathState.LOSSY;
import static io.flannel.operator.decide.problem.TunnelProblem.ENCAPSULATION_BLOCKED;
import static io.flannel.operator.decide.problem.TunnelProblem.MTU_BLACK_HOLE;
import static io.flannel.operator.decide.problem.TunnelProblem.PACKET_LOSS;
import static io.flannel.operator.decide.problem.TunnelProblem.PUBLIC_IP_WRONG;
import static java.time.Duration.ZERO;

import io.flannel.operator.decide.health.AgentReport.Finding;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Blames nodes for what fails with most of their peers, and pairs for the rest. It covers what
 * probes show and nothing else explains.
 */
final class PacketLossRule {
  private final Diagnosis it;
  private final Set<String> foreignPublicIps;

  /** The states that count as failing. */
  private final Predicate<PathState> failing;

  /** The cause to name if nothing more is known of a node. */
  private final TunnelProblem plain;

  private final Duration wait;

  private PacketLossRule(
      Diagnosis it, Predicate<PathState> failing, TunnelProblem plain, Duration wait) {
    this.it = it;
    this.foreignPublicIps = it.evidence().foreignPublicIps();
    this.failing = failing;
    this.plain = plain;
    this.wait = wait;
  }

  /** Judges lost tunnels first, then lost full-size packets, then packet loss. */
  static void judge(Diagnosis it) {
    ConfirmationDelays patience = it.patience();
    new PacketLossRule(it, PathState::lost, ENCAPSULATION_BLOCKED, patience.forTheOthers()).judge();
    new PacketLossRule(it, FULL_SIZE_LOST::equals, MTU_BLACK_HOLE, patience.forTheOthers()).judge();
    new PacketLossRule(it, LOSSY::equals, PACKET_LOSS, patience.forTheRestOfALoss()).judge();
  }

  private void judge() {
    Predicate<NodePair> fails = pair -> failing.test(pair.state());
    booting(fails);
    Map<String, List<NodePair>> blamed = new LinkedHashMap<>();
    for (String node : FaultLocalizer.of(it.open(), fails)) {
      blamed.put(node, it.openOf(node).filter(fails).toList());
    }
    blamed.forEach(
        (node, lost) -> {
          boolean nobodyIsWaitedFor =
              lost.size() == it.openOf(node).count()
                  && (plain == PACKET_LOSS
                      || lost.stream().allMatch(pair -> Diagnosis.bothTell(pair, failing)));
          at(node, lost, nobodyIsWaitedFor ? ZERO : needed(node, lost));
        });
    blamed.values().forEach(it::explained);
    for (NodePair pair : it.open()) {
      if (fails.test(pair)) {
        pair(pair);
        it.explained(List.of(pair));
      }
    }
  }

  /**
   * Leaves failing pairs undecided if one node has just booted and nothing else is wrong on it: it
   * still waits for its flanneld.
   */
  private void booting(Predicate<NodePair> fails) {
    for (NodePair pair : it.open()) {
      if (fails.test(pair)) {
        it.leaveOpenAsLongAs(pair, this::stillBooting);
      }
    }
  }

  private Optional<Duration> stillBooting(String node) {
    return Optional.ofNullable(it.evidence().heard().get(node))
        .flatMap(AgentReport.Received::nodeFor)
        .map(it.patience().forNodesToBoot()::minus)
        .filter(Duration::isPositive);
  }

  private void pair(NodePair pair) {
    if (isTold(pair.a()) || isTold(pair.b())) {
      return;
    }
    Duration needed = needed(pair);
    Optional<String> lossy = pair.state().lost() ? mostlyLossy(pair) : Optional.empty();
    Optional<String> marked =
        Stream.of(pair.a(), pair.b()).filter(node -> cause(node) != plain).findFirst();
    if (lossy.isPresent()) {
      it.tellAt(
          lossy.get(), PACKET_LOSS, "", pair.held(failing), it.patience().forTheRestOfALoss());
    } else if (marked.isPresent()) {
      at(marked.get(), List.of(pair), needed);
    } else {
      it.tellBetween(pair, plain, failing, needed);
    }
  }

  /**
   * How old a node's failures must be to blame it for them, where not every end reports them yet.
   */
  private Duration needed(String node, List<NodePair> lost) {
    if (lost.stream().allMatch(NodePair::mutuallySilent)) {
      return it.patience().forAgentsToStart();
    }
    // If the node's own agent does not report the same, it may have just started, as after a boot.
    boolean itTells = lost.stream().anyMatch(pair -> failing.test(pair.seenFrom(node)));
    return itTells || plain == PACKET_LOSS ? wait : it.patience().forTheOtherEnd();
  }

  private Duration needed(NodePair pair) {
    if (pair.mutuallySilent()) {
      return it.patience().forAgentsToStart();
    }
    return pair.bothSee(failing) || plain == PACKET_LOSS ? wait : it.patience().forTheOtherEnd();
  }

  private boolean isTold(String node) {
    return it.isTold(node, cause(node));
  }

  /**
   * Returns an end with at least half of its paths lossy. If one of them loses three probes in a
   * row, that is no other fault.
   */
  private Optional<String> mostlyLossy(NodePair pair) {
    return Stream.of(pair.a(), pair.b())
        .filter(
            node -> {
              List<NodePair> paths = it.openOf(node).toList();
              long lossy = paths.stream().filter(path -> path.state() == LOSSY).count();
              return lossy > 0 && 2 * lossy >= paths.size();
            })
        .findFirst();
  }

  private void at(String node, List<NodePair> lost, Duration needed) {
    String seen = hint(node).map(Finding::seen).orElse("");
    it.tellAt(node, cause(node), seen, Diagnosis.held(lost, failing), needed);
  }

  private ProblemReason cause(String node) {
    ProblemReason known =
        plain == ENCAPSULATION_BLOCKED && foreignPublicIps.contains(node) ? PUBLIC_IP_WRONG : plain;
    return hint(node).<ProblemReason>map(Finding::fault).orElse(known);
  }

  /** Returns a hint, which can only explain tunnels that are lost completely. */
  private Optional<Finding> hint(String node) {
    return plain == ENCAPSULATION_BLOCKED ? LocalFaultsRule.hint(it, node) : Optional.empty();
  }
}
