package io.flannel.operator.decide.health;

import io.flannel.operator.decide.health.AgentReport.Finding;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.NodeFault.Effect;
import io.flannel.operator.decide.problem.NodeFault.Scope;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

/** Names the faults that agents found on their nodes, and removes the pairs that these explain. */
final class LocalFaultsRule {
  private final Diagnosis it;

  private LocalFaultsRule(Diagnosis it) {
    this.it = it;
  }

  /** Names faults that cut probes. Call it before anything is blamed on probes alone. */
  static void cutting(Diagnosis it) {
    var faults = new LocalFaultsRule(it);
    faults.forEachHeard(faults::cutting);
    faults.forEachHeard(faults::echoesOfAMendedOne);
  }

  /**
   * Names faults that probes do not notice. They come after everything that probes do notice, which
   * is graver. Advice does not become the cause of its node's state.
   */
  static void quiet(Diagnosis it) {
    var faults = new LocalFaultsRule(it);
    faults.forEachHeard(
        (node, report) ->
            report.findings().stream()
                .forEach(
                    finding -> {
                      switch (finding.fault().effect()) {
                        case NONE -> faults.tell(node, finding);
                        case ADVICE ->
                            it.tell(finding.fault(), At.node(node), finding.seen(), List.of());
                        case CUTS, CUTS_FULL_SIZE, HINT -> {}
                      }
                    }));
  }

  /** Returns the likely cause, if a node has one, of losses that nothing else explains. */
  static Optional<Finding> hint(Diagnosis it, String node) {
    return Optional.ofNullable(it.evidence().heard().get(node)).stream()
        .flatMap(report -> report.findings().stream())
        .filter(finding -> finding.fault().effect() == Effect.HINT)
        .min(Comparator.comparing(Finding::fault));
  }

  private void forEachHeard(BiConsumer<String, Received> action) {
    it.evidence()
        .heard()
        .forEach(
            (node, report) -> {
              if (!it.gone().contains(node)) {
                action.accept(node, report);
              }
            });
  }

  private void cutting(String node, Received report) {
    List<Finding> cuts =
        report.findings().stream()
            .filter(
                finding ->
                    finding.fault().effect() == Effect.CUTS
                        || finding.fault().effect() == Effect.CUTS_FULL_SIZE)
            .toList();
    // A fault that cuts off the whole node caused the rest: a device that is down loses its routes.
    Optional<Finding> first =
        cuts.stream()
            .filter(finding -> finding.fault().scope() == Scope.NODE)
            .filter(finding -> finding.fault().effect() == Effect.CUTS)
            .min(Comparator.comparing(Finding::fault));
    first.map(List::of).orElseGet(() -> oneOfEachPeer(cuts)).forEach(it -> tell(node, it));
  }

  /**
   * Keeps one finding per peer. A peer that flannel has not programmed lacks its route, its
   * neighbour and its forwarding entry: it is one cause, and the route's finding names it.
   */
  private static List<Finding> oneOfEachPeer(List<Finding> cuts) {
    Set<Optional<String>> peers = new HashSet<>();
    return cuts.stream()
        .sorted(Comparator.comparing(Finding::fault))
        .filter(it -> it.fault().scope() == Scope.NODE || peers.add(it.peer()))
        .toList();
  }

  private void tell(String node, Finding finding) {
    it.tell(finding.fault(), new At(node, finding.peer()), finding.seen(), List.of(node));
    it.explained(
        it.openOf(node)
            .filter(pair -> finding.peer().filter(peer -> !pair.has(peer)).isEmpty())
            .filter(pair -> explains(finding.fault(), pair.state()))
            .toList());
  }

  private static boolean explains(NodeFault fault, PathState state) {
    return (state.lost() && fault.explainsLostProbes())
        || ((state == PathState.FULL_SIZE_LOST || state == PathState.LOSSY)
            && fault.explainsLostFullSizeProbes());
  }

  /**
   * Explains probes that fail because of a mended fault: it shows until enough of them are
   * answered. The node reported when the fault was gone, so the report's age says how long ago that
   * was.
   */
  private void echoesOfAMendedOne(String node, Received report) {
    Optional<NodeFault> mended = it.before().reasonOf(node).flatMap(NodeFault::ofReason);
    if (mended.isEmpty() || it.causeOf(node).isPresent()) {
      return;
    }
    List<NodePair> echoes =
        it.openOf(node).filter(pair -> explains(mended.get(), pair.state())).toList();
    if (echoes.isEmpty() || !it.stillEchoes(report.age())) {
      return;
    }
    for (NodePair pair : echoes) {
      Optional<String> peer =
          mended.get().scope() == Scope.PEER ? Optional.of(pair.other(node)) : Optional.empty();
      it.tell(mended.get(), new At(node, peer), "", List.of(node));
    }
    it.explained(echoes);
  }
}
