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
 * The nodes that a rollout goes on without: their kubelets were lost before their turn, or after
 * it, or flannel ran there neither before the rollout nor does it now. Kubernetes counts their pods
 * as unavailable, so that in a large cluster, where some node always is off, {@code maxUnavailable}
 * would be used up by them alone. They take the present template when they are back.
 *
 * <p>A node that is lost at its turn is none of these: the rollout may be why.
 *
 * @param nodes their names, sorted
 */
public record SkippedNodes(List<String> nodes) {
  /**
   * Judges.
   *
   * @param leases every node of the network
   * @param revision the template that is being rolled out
   * @param unhealthyBefore what was ill before that: see {@link RolloutAnnotations#unhealthyBefore}
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

  /** Whether a node is one of them. */
  public boolean has(String node) {
    return Collections.binarySearch(nodes, node) >= 0;
  }

  /** How many they are. */
  public int count() {
    return nodes.size();
  }
}
