package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.List;
import java.util.Optional;

/**
 * What the node agents' pods take from the operator's own installation.
 *
 * @param namespace where the DaemonSet lives: the operator's own, which must let pods use the
 *     host's network
 * @param serviceAccount the agents' ServiceAccount, which the Helm chart creates with its rights
 * @param image the operator's own image, which also contains the agent
 * @param imagePullPolicy the container's; empty for Kubernetes' default
 * @param imagePullSecrets names of Secrets in that namespace
 * @param apiServerHost the API server's address, if the one that Kubernetes gives each pod does not
 *     work
 * @param apiServerPort its port, likewise
 * @param owner the operator's Deployment, with which the DaemonSet is garbage-collected.
 *     Uninstalling the operator removes the chart's ServiceAccount; agents that stayed would have a
 *     token that is worthless, also under the next installation
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

  /** Returns these settings with another owner. */
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
