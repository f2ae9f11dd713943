package io.flannel.operator.decide.lease;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Lease;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import java.util.Optional;

/**
 * The configuration in force on each node, which differs between nodes during a rollout. A node
 * that the rollout has not reached has its own pod's configuration. A node whose new pod has not
 * registered it again has the old one until it does: what the old backend left keeps carrying its
 * packets.
 */
public final class EffectiveConfigs {
  private final EffectiveConfig general;
  private final FlannelPods pods;

  private EffectiveConfigs(EffectiveConfig general, FlannelPods pods) {
    this.general = general;
    this.pods = pods;
  }

  public static EffectiveConfigs of(DesiredNetwork wanted, ClusterState cluster) {
    return new EffectiveConfigs(EffectiveConfig.of(wanted, cluster), cluster.pods());
  }

  /** The network's current configuration, which not every node has during a rollout. */
  public EffectiveConfig general() {
    return general;
  }

  /** Returns the configuration in force on a node. */
  public EffectiveConfig on(ClusterNode node) {
    Optional<FlannelPod> pod = pods.on(node.name());
    EffectiveConfig own = pod.flatMap(pods::configOf).map(EffectiveConfig::of).orElse(general);
    boolean settled = pod.filter(FlannelPod::gateOpen).isPresent();
    if (settled) {
      return own;
    }
    return Lease.of(node)
        .map(Lease::backendType)
        .filter(published -> !published.equals(own.backendType()))
        .flatMap(this::configOf)
        .map(EffectiveConfig::of)
        .orElse(own);
  }

  private Optional<AppliedConfig> configOf(String backendType) {
    return pods.configs().values().stream()
        .filter(config -> config.backendType().equals(backendType))
        .findFirst();
  }
}
