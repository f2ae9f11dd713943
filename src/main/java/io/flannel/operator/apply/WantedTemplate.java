package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.adoption.AdoptionValidator;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.render.Flannel;
import java.util.Optional;

/**
 * The template of flannel's pods that is wanted in a cluster: what the spec asks for, plus, while a
 * flannel of an unusual namespace is adopted, an anti-affinity to its pods. The anti-affinity then
 * stays until the next change of the template, so that no pods are restarted for its removal.
 */
public final class WantedTemplate {
  private WantedTemplate() {}

  /** Renders the template. */
  public static PodTemplateSpec of(DesiredNetwork wanted, ClusterState cluster) {
    Optional<String> takenOver = AdoptionValidator.unusualNamespace(wanted, cluster);
    if (takenOver.isPresent()) {
      return Flannel.template(wanted, takenOver);
    }
    return cluster
        .live()
        .map(live -> Flannel.template(wanted, live.template().apartFrom()))
        .filter(kept -> isLive(Flannel.revision(kept), cluster.live()))
        .orElseGet(() -> Flannel.template(wanted));
  }

  private static boolean isLive(String revision, Optional<LiveFlannel> live) {
    return live.filter(it -> it.marks().revision().equals(revision)).isPresent();
  }
}
