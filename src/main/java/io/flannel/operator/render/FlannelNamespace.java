package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.flannel.operator.flannel.DesiredNetwork;

/** flannel's namespace. Its pods use the host's network, which Pod Security must allow. */
final class FlannelNamespace {
  private FlannelNamespace() {}

  static Namespace render(DesiredNetwork network) {
    return new NamespaceBuilder()
        .withMetadata(Flannel.clusterScoped(network, Flannel.NAMESPACE))
        .editMetadata()
        .addToLabels("pod-security.kubernetes.io/enforce", "privileged")
        .endMetadata()
        .build();
  }
}
