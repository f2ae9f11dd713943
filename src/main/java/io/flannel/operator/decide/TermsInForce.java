package io.flannel.operator.decide;

import io.flannel.operator.overlay.AppliedConfig;
import io.flannel.operator.overlay.ClusterNode;
import io.flannel.operator.overlay.FlannelPod;
import io.flannel.operator.overlay.FlannelPods;
import io.flannel.operator.overlay.Lease;
import io.flannel.operator.overlay.WantedNetwork;
import java.util.Optional;

/**
 * What is in force on each node: in a rollout, not the same on all. A node that the rollout has not
 * reached has what its own pod's configuration says, and so has one whose new pod has not
 * registered it anew yet: what the old backend left carries its packets all the while.
 */
final class TermsInForce {
  private final Terms general;
  private final FlannelPods pods;

  private TermsInForce(Terms general, FlannelPods pods) {
    this.general = general;
    this.pods = pods;
  }

  static TermsInForce of(WantedNetwork wanted, ClusterState cluster) {
    return new TermsInForce(Terms.of(wanted, cluster), cluster.pods());
  }

  /** What the present configuration says. */
  Terms general() {
    return general;
  }

  /** What is in force on a node. */
  Terms on(ClusterNode node) {
    Optional<FlannelPod> pod = pods.on(node.name());
    Terms own = pod.flatMap(pods::configOf).map(Terms::of).orElse(general);
    boolean settled = pod.filter(FlannelPod::gateOpen).isPresent();
    if (settled) {
      return own;
    }
    return Lease.of(node)
        .map(Lease::backendType)
        .filter(published -> !published.equals(own.backendType()))
        .flatMap(this::configOf)
        .map(Terms::of)
        .orElse(own);
  }

  private Optional<AppliedConfig> configOf(String backendType) {
    return pods.configs().values().stream()
        .filter(config -> config.backendType().equals(backendType))
        .findFirst();
  }
}
