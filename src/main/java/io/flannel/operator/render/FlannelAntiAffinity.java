package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.AffinityBuilder;

/**
 * Keeps our pod off a node as long as the flannel is on it that is being taken over, and the other
 * way round: the scheduler takes a required anti-affinity in both directions. Two flannelds on one
 * node write the same rules, and one of them takes them away when it ends (up to v0.26,
 * pkg/trafficmngr/iptables). So the one waits, and follows when the other has gone.
 *
 * <p>It names that flannel's namespace alone: of all namespaces, whoever labels a pod so could keep
 * flannel off a node.
 */
final class FlannelAntiAffinity {
  private FlannelAntiAffinity() {}

  static Affinity from(String namespace) {
    return new AffinityBuilder()
        .withNewPodAntiAffinity()
        .addNewRequiredDuringSchedulingIgnoredDuringExecution()
        .withNewLabelSelector()
        .withMatchLabels(FlannelDaemonSet.POD_LABELS)
        .endLabelSelector()
        .withNamespaces(namespace)
        .withTopologyKey("kubernetes.io/hostname")
        .endRequiredDuringSchedulingIgnoredDuringExecution()
        .endPodAntiAffinity()
        .build();
  }
}
