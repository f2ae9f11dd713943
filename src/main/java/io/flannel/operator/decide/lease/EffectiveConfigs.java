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
 * What is in force on each node: in a rollout, not the same on all. A node that the rollout has not
 * reached has what its own pod's configuration says, and so has one whose new pod has not
 * registered it again yet: what the old backend left carries its packets all the while.
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

  /** What the present configuration says. */
  public EffectiveConfig general() {
    return general;
  }

  /** What is in force on a node. */
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
