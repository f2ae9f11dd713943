package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.decide.adoption.AdoptionValidator;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import java.util.Optional;

/** The manifest of a FlannelNetwork that adopts a flannel as it is. */
public final class AdoptionManifest {
  private AdoptionManifest() {}

  /**
   * Returns the manifest; empty if no FlannelNetwork can describe what runs.
   *
   * @param written the existing FlannelNetwork: gives the name, and fields that don't describe what
   *     runs
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
