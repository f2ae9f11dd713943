package io.flannel.operator.decide;

import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherFlannels;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
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
 * @param foreign flannels that this operator did not install, by namespace: those whose DaemonSet
 *     is named as upstream's
 * @param pods flannel's pods, and their configurations
 * @param others signs of flannels of other names
 */
public record ClusterState(
    List<ClusterNode> nodes,
    List<ServiceRange> serviceRanges,
    List<NetworkRef> networks,
    Optional<LiveFlannel> live,
    List<ForeignFlannel> foreign,
    FlannelPods pods,
    OtherFlannels others) {

  /** A range that Services get their addresses from, and the ServiceCIDR object that says so. */
  public record ServiceRange(String name, Cidr range) {}

  /**
   * A FlannelNetwork and its age.
   *
   * @param accepted whether its status says that it is in force, or was
   * @param confirmed whether a person confirmed that no other flannel runs
   */
  public record NetworkRef(String name, Instant created, boolean accepted, boolean confirmed) {
    /** One that is neither. */
    public NetworkRef(String name, Instant created) {
      this(name, created, false, false);
    }
  }

  /** The FlannelNetwork of that name. */
  public Optional<NetworkRef> network(String name) {
    return networks.stream().filter(one -> one.name().equals(name)).findFirst();
  }
}
