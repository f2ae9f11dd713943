package io.flannel.operator.decide.rollout;

import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The nodes that a rollout goes on without: their kubelet was lost before or after their update, or
 * flannel neither ran there before the rollout nor runs there now. Kubernetes counts their pods as
 * unavailable. In a large cluster, where some node is always off, they alone would use up {@code
 * maxUnavailable}. They get the current template when they are back.
 *
 * <p>A node that is lost during its update is not skipped: the rollout may be the cause.
 *
 * @param nodes their names, sorted
 */
public record SkippedNodes(List<String> nodes) {
  /**
   * Decides which nodes to skip.
   *
   * @param leases every node of the network
   * @param revision the template that is being rolled out
   * @param unhealthyBefore what was unhealthy before that: see {@link
   *     RolloutAnnotations#unhealthyBefore}
   */
  static SkippedNodes from(
      FlannelPods pods, List<NodeLease> leases, String revision, Set<String> unhealthyBefore) {
    UnhealthyBaseline before = new UnhealthyBaseline(unhealthyBefore);
    return new SkippedNodes(
        leases.stream()
            .map(NodeLease::node)
            .filter(
                node ->
                    (node.lost() && !isAtItsTurn(pods.on(node.name()), revision))
                        || (before.wasWithoutFlannel(node.name())
                            && !UnhealthyBaseline.runsFlannel(pods, node.name())))
            .map(ClusterNode::name)
            .sorted()
            .toList());
  }

  private static boolean isAtItsTurn(Optional<FlannelPod> pod, String revision) {
    return pod.filter(it -> it.revision().equals(revision) && !it.gateOpen()).isPresent();
  }

  public boolean has(String node) {
    return Collections.binarySearch(nodes, node) >= 0;
  }

  public int count() {
    return nodes.size();
  }
}
