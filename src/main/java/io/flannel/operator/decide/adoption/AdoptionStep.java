package io.flannel.operator.decide.adoption;

import static java.util.Comparator.comparing;

import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.util.List;

/**
 * The next step of adopting a flannel of another namespace. Its DaemonSet leaves one node after the
 * other, and on each our pod, which waits for that, takes its place.
 *
 * @param leaving the nodes that it leaves next
 * @param finished whether it has left all nodes, and ours runs on each and has registered it
 */
public record AdoptionStep(List<ClusterNode> leaving, boolean finished) {
  private static final AdoptionStep WAIT = new AdoptionStep(List.of(), false);

  /**
   * Decides the step from Kubernetes' counts. A node between both flannels keeps forwarding, but
   * there are never more such nodes than {@code rollout.maxUnavailable}.
   */
  public static AdoptionStep next(
      ForeignFlannel old, LiveFlannel ours, DesiredNetwork wanted, List<NodeLease> leases) {
    LiveFlannel.PodCounts pods = ours.pods();
    if (!old.pods().observed() || !pods.observed()) {
      return WAIT;
    }
    List<ClusterNode> remaining =
        leases.stream()
            .map(NodeLease::node)
            .filter(node -> !old.left().contains(node.name()))
            .sorted(comparing((ClusterNode node) -> !node.ready()).thenComparing(ClusterNode::name))
            .toList();
    if (remaining.isEmpty()) {
      boolean gone = old.pods().scheduled() == 0 && old.pods().misscheduled() == 0;
      return new AdoptionStep(List.of(), gone && done(ours, leases));
    }
    int between = Math.max(0, pods.desired() - pods.available() - old.pods().scheduled());
    // The first node goes alone: it shows whether our flannel runs.
    int limit = pods.available() == 0 ? 1 : wanted.unavailableOf(pods.desired());
    return new AdoptionStep(remaining.stream().limit(Math.max(0, limit - between)).toList(), false);
  }

  /**
   * Whether ours runs on every node and has registered it, so that nothing needs the old objects.
   */
  public static boolean done(LiveFlannel ours, List<NodeLease> leases) {
    return ours.pods().complete() && leases.stream().allMatch(it -> it.problem().isEmpty());
  }
}
