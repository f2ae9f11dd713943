package io.flannel.operator.agent.checks;

import io.flannel.operator.decide.problem.NodeFault;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * One thing that can go wrong on a node whose first peer is n2.
 *
 * @param fault the fault that must be found
 * @param on the nodes on which it can happen
 */
record Mutation(
    String name, NodeFault fault, Predicate<SimulatedNode> on, Consumer<SimulatedNode> breaks) {
  static List<Mutation> all() {
    return Stream.of(DeviceMutations.all(), PeerMutations.all(), HostMutations.all())
        .flatMap(List::stream)
        .toList();
  }

  /** The peer that the fault is about; empty if it is about the node itself. */
  Optional<String> peer() {
    return fault.scope() == NodeFault.Scope.PEER ? Optional.of("n2") : Optional.empty();
  }

  @Override
  public String toString() {
    return name;
  }
}
