package io.flannel.operator.runtime;

import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Deployment that this operator's pod belongs to. */
public final class OwnDeployment {
  private static final Logger LOG = LoggerFactory.getLogger(OwnDeployment.class);

  private OwnDeployment() {}

  /**
   * The owner reference that makes an object be garbage-collected with the Deployment.
   *
   * @return empty if there is none, as when the operator runs outside the cluster, or if it can't
   *     be read
   */
  public static Optional<OwnerReference> owner(
      KubernetesClient client, String namespace, String name) {
    try {
      return Optional.ofNullable(
              client.apps().deployments().inNamespace(namespace).withName(name).get())
          .map(
              it ->
                  new OwnerReferenceBuilder()
                      .withApiVersion("apps/v1")
                      .withKind("Deployment")
                      .withName(name)
                      .withUid(it.getMetadata().getUid())
                      .build());
    } catch (KubernetesClientException e) {
      LOG.warn(
          "the operator's own Deployment {}/{} cannot be read: {}. The node agents are left behind"
              + " when it is uninstalled: kubectl -n {} delete daemonset/flannel-node-agent"
              + " secret/flannel-probe-key",
          namespace,
          name,
          ApiErrors.said(e),
          namespace);
      return Optional.empty();
    }
  }
}
