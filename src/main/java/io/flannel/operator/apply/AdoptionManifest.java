package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.decide.adoption.AdoptionValidator;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import java.util.Optional;

/** The manifest of a FlannelNetwork that takes a flannel over as it is. */
public final class AdoptionManifest {
  private AdoptionManifest() {}

  /**
   * Writes it; empty where no FlannelNetwork says what runs.
   *
   * @param written the FlannelNetwork that there is: its name, and what is no part of what runs
   */
  public static Optional<String> of(ForeignFlannel found, FlannelNetwork written) {
    return AdoptionValidator.matching(found, written.getSpec())
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
