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
        .filter(live -> live.template().apartFrom().isPresent())
        .flatMap(live -> kept(wanted, live))
        .orElseGet(() -> Flannel.template(wanted));
  }

  private static Optional<PodTemplateSpec> kept(DesiredNetwork wanted, LiveFlannel live) {
    return Optional.of(Flannel.template(wanted, live.template().apartFrom()))
        .filter(kept -> Flannel.revision(kept).equals(live.marks().revision()));
  }
}
