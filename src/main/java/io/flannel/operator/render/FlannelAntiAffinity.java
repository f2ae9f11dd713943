package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.AffinityBuilder;

/**
 * Keeps our pod off a node while the flannel that is being adopted runs there, and the other way
 * round: the scheduler enforces a required anti-affinity in both directions. Two flannelds on one
 * node write the same rules, and one of them removes them when it exits (up to v0.26,
 * pkg/trafficmngr/iptables). So our pod waits until the other has gone.
 *
 * <p>It selects only that flannel's namespace: with all namespaces, anybody who labels a pod this
 * way could keep flannel off a node.
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
