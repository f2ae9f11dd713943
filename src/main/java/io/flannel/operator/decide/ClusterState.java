package io.flannel.operator.decide;

import io.flannel.operator.overlay.Cidr;
import io.flannel.operator.overlay.ClusterNode;
import io.flannel.operator.overlay.FlannelPods;
import io.flannel.operator.overlay.FoundFlannel;
import io.flannel.operator.overlay.LiveFlannel;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What the cluster holds at the moment of a decision.
 *
 * @param nodes every Node, by name
 * @param serviceRanges the ranges of all ServiceCIDR objects
 * @param networks every FlannelNetwork that is not being deleted
 * @param live the flannel that this operator installed, if it runs
 * @param foreign flannels that this operator did not install, by namespace
 * @param pods flannel's pods, and their configurations
 */
public record ClusterState(
    List<ClusterNode> nodes,
    List<ServiceRange> serviceRanges,
    List<NetworkRef> networks,
    Optional<LiveFlannel> live,
    List<FoundFlannel> foreign,
    FlannelPods pods) {

  /** A range that Services get their addresses from, and the ServiceCIDR object that says so. */
  public record ServiceRange(String name, Cidr range) {}

  /** A FlannelNetwork and its age. */
  public record NetworkRef(String name, Instant created) {}
}
