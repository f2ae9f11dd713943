package io.flannel.operator.control;

import io.flannel.operator.render.NodeStepPod;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What the tasks of one kind are told, by node. That may be long, so it is made only for the nodes
 * whose pods are made.
 *
 * @param nodes those that need a task
 * @param hash of what the node's task is told, and short
 * @param order what the node's task is told
 */
record NodeTasks(Set<String> nodes, UnaryOperator<String> hash, UnaryOperator<String> order) {
  /** All are told the same. */
  static NodeTasks same(Set<String> nodes, String order) {
    String hash = NodeStepPod.hash(order);
    return new NodeTasks(nodes, _ -> hash, _ -> order);
  }
}
