package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.decide.AdoptionJudge;
import io.flannel.operator.overlay.FoundFlannel;
import java.util.Optional;

/** The manifest of a FlannelNetwork that takes a flannel over as it is. */
final class AdoptionManifest {
  private AdoptionManifest() {}

  /**
   * Writes it; empty where no FlannelNetwork says what runs.
   *
   * @param written the FlannelNetwork that there is: its name, and what is no part of what runs
   */
  static Optional<String> of(FoundFlannel found, FlannelNetwork written) {
    return AdoptionJudge.matching(found, written.getSpec())
        .map(
            spec -> {
              FlannelNetwork network = new FlannelNetwork();
              network.setMetadata(
                  new ObjectMetaBuilder().withName(written.getMetadata().getName()).build());
              network.setSpec(spec);
              return Serialization.asYaml(network);
            });
  }
}
