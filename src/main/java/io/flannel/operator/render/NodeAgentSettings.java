package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.List;
import java.util.Optional;

/**
 * What a node agent's pods take from the operator's own installation.
 *
 * @param namespace where the DaemonSet lives: the operator's own, which must let pods use the
 *     host's network
 * @param serviceAccount the agents' ServiceAccount, which the Helm chart makes with its rights
 * @param image the operator's own image, which holds the agent, too
 * @param imagePullPolicy as a container's, empty: Kubernetes' default
 * @param imagePullSecrets names of Secrets in that namespace
 * @param apiServerHost the API server's address where the one that Kubernetes puts into each pod
 *     leads nowhere
 * @param apiServerPort its port, likewise
 * @param owner with which the DaemonSet goes: the operator's Deployment. Where the operator is
 *     uninstalled, its chart's ServiceAccount goes; agents that stayed would have a token that is
 *     worth nothing, also under the next installation
 */
public record NodeAgentSettings(
    String namespace,
    String serviceAccount,
    String image,
    Optional<String> imagePullPolicy,
    List<String> imagePullSecrets,
    Optional<String> apiServerHost,
    Optional<String> apiServerPort,
    Optional<OwnerReference> owner) {

  /** The same, with that owner. */
  public NodeAgentSettings ownedBy(Optional<OwnerReference> other) {
    return new NodeAgentSettings(
        namespace,
        serviceAccount,
        image,
        imagePullPolicy,
        imagePullSecrets,
        apiServerHost,
        apiServerPort,
        other);
  }
}
