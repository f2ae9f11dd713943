package io.flannel.operator.apply;

import io.flannel.operator.flannel.ShortHash;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The inputs for the tasks of one kind, by node. An input may be long, so it is generated only for
 * nodes whose pods are created.
 *
 * @param nodes the nodes that need a task
 * @param hash a short hash of the node's input
 * @param input the node's input
 * @param atOnce how many tasks may run at a time, even if that is more than a tenth of the nodes
 */
record TaskInputs(
    Set<String> nodes, UnaryOperator<String> hash, UnaryOperator<String> input, int atOnce) {
  /** Returns the same input for all nodes. */
  static TaskInputs same(Set<String> nodes, String input) {
    String hash = ShortHash.of(input);
    return new TaskInputs(nodes, _ -> hash, _ -> input, 1);
  }
}
