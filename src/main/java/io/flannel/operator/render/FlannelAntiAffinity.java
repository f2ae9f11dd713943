package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.AffinityBuilder;

/**
 * Keeps our pod off a node as long as a flannel of another namespace is on it, and the other way
 * round: the scheduler takes a required anti-affinity in both directions. Two flannelds on one node
 * write the same rules, and one of them takes them away when it ends (up to v0.26,
 * pkg/trafficmngr/iptables). So the one waits, and follows when the other has gone.
 */
final class FlannelAntiAffinity {
  private FlannelAntiAffinity() {}

  static Affinity affinity() {
    return new AffinityBuilder()
        .withNewPodAntiAffinity()
        .addNewRequiredDuringSchedulingIgnoredDuringExecution()
        .withNewLabelSelector()
        .withMatchLabels(FlannelDaemonSet.POD_LABELS)
        .endLabelSelector()
        .withNewNamespaceSelector()
        .addNewMatchExpression()
        .withKey("kubernetes.io/metadata.name")
        .withOperator("NotIn")
        .withValues(Flannel.NAMESPACE)
        .endMatchExpression()
        .endNamespaceSelector()
        .withTopologyKey("kubernetes.io/hostname")
        .endRequiredDuringSchedulingIgnoredDuringExecution()
        .endPodAntiAffinity()
        .build();
  }
}
