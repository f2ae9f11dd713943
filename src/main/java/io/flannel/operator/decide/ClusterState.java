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
 * The state of the cluster that a decision is based on.
 *
 * @param nodes every Node, sorted by name
 * @param serviceRanges the ranges of all ServiceCIDR objects
 * @param networks every FlannelNetwork that is not being deleted
 * @param live the flannel that this operator installed; empty if there is none
 * @param foreign flannels that this operator did not install, sorted by namespace; only those whose
 *     DaemonSet has upstream's name
 * @param pods flannel's pods and their configurations
 * @param others signs of flannels with other names
 */
public record ClusterState(
    List<ClusterNode> nodes,
    List<ServiceRange> serviceRanges,
    List<NetworkRef> networks,
    Optional<LiveFlannel> live,
    List<ForeignFlannel> foreign,
    FlannelPods pods,
    OtherFlannels others) {

  /** A ServiceCIDR object's name and a range that it gives Services their addresses from. */
  public record ServiceRange(String name, Cidr range) {}

  /**
   * A FlannelNetwork and its age.
   *
   * @param accepted whether its status says that it is or was in force
   * @param confirmed whether a person confirmed that no other flannel runs
   */
  public record NetworkRef(String name, Instant created, boolean accepted, boolean confirmed) {
    /** Creates one that is neither accepted nor confirmed. */
    public NetworkRef(String name, Instant created) {
      this(name, created, false, false);
    }
  }

  /** Returns the FlannelNetwork with this name; empty if there is none or it is being deleted. */
  public Optional<NetworkRef> network(String name) {
    return networks.stream().filter(one -> one.name().equals(name)).findFirst();
  }
}
