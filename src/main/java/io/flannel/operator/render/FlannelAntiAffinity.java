package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Keeps our pod off a node while another flannel runs on it, and the other way round: the scheduler
 * takes a required anti-affinity in both directions. Two flannelds on one node write the same
 * rules, and one of them removes them when it ends (up to v0.26, pkg/trafficmngr/iptables). So ours
 * waits until the other has gone.
 *
 * <p>It names namespaces where only a cluster's administrator creates pods: kube-system, where
 * upstream's older manifests install flannel, and that of a flannel that is adopted. With all
 * namespaces, anybody who may label a pod could keep flannel off a node.
 */
final class FlannelAntiAffinity {
  private FlannelAntiAffinity() {}

  /**
   * Returns the anti-affinity.
   *
   * @param apartFrom another namespace; empty if there is none
   */
  static Affinity of(Optional<String> apartFrom) {
    List<String> namespaces =
        Stream.concat(Stream.of(ForeignFlannel.SYSTEM_NAMESPACE), apartFrom.stream()).toList();
    return new AffinityBuilder()
        .withNewPodAntiAffinity()
        .addNewRequiredDuringSchedulingIgnoredDuringExecution()
        .withNewLabelSelector()
        .withMatchLabels(FlannelDaemonSet.POD_LABELS)
        .endLabelSelector()
        .withNamespaces(namespaces)
        .withTopologyKey("kubernetes.io/hostname")
        .endRequiredDuringSchedulingIgnoredDuringExecution()
        .endPodAntiAffinity()
        .build();
  }
}
