package io.flannel.operator.apply;

import io.flannel.operator.flannel.ShortHash;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What the tasks of one kind are told, by node. That may be long, so it is made only for the nodes
 * whose pods are made.
 *
 * @param nodes those that need a task
 * @param hash of what the node's task is told, and short
 * @param input what the node's task is told
 */
record TaskInputs(Set<String> nodes, UnaryOperator<String> hash, UnaryOperator<String> input) {
  /** All are told the same. */
  static TaskInputs same(Set<String> nodes, String input) {
    String hash = ShortHash.of(input);
    return new TaskInputs(nodes, _ -> hash, _ -> input);
  }
}
