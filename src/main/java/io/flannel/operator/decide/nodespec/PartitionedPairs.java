package io.flannel.operator.decide.nodespec;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The pairs of nodes that are cut apart while one of them has changed and the other has not. An
 * allowed disruptive change does that. So does a change of the backend if one node joined or booted
 * after it began, and lacks the old path that the other still has. That no packet passes between
 * them does not show whether the change works.
 */
final class PartitionedPairs {
  private final FlannelPods pods;
  private final boolean disruptive;
  private final Set<String> newcomers;

  PartitionedPairs(ClusterState cluster) {
    Optional<RolloutAnnotations> marks = cluster.live().map(LiveFlannel::marks);
    this.pods = cluster.pods();
    this.disruptive = marks.filter(RolloutAnnotations::cuts).isPresent();
    Optional<Instant> changedAt = marks.flatMap(RolloutAnnotations::changedAt);
    this.newcomers =
        cluster.nodes().stream()
            .filter(node -> node.startedAfter(changedAt))
            .map(ClusterNode::name)
            .collect(Collectors.toSet());
  }

  /** Whether two nodes are cut apart. A node without a pod is being updated. */
  boolean between(String a, String b) {
    if (disruptive && (revision(a).isEmpty() || !revision(a).equals(revision(b)))) {
      return true;
    }
    return (newcomers.contains(a) || newcomers.contains(b)) && !backend(a).equals(backend(b));
  }

  private Optional<String> backend(String node) {
    return pods.on(node).flatMap(pods::configOf).map(AppliedConfig::backendType);
  }

  private Optional<String> revision(String node) {
    return pods.on(node).map(FlannelPod::revision);
  }
}
