package io.flannel.operator.testing.cluster;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;

/** A node agent's credentials for the API server: its ServiceAccount's token, bound to its pod. */
public record AgentToken(TestCluster cluster, String token) {
  private static final String ACCOUNT = "flannel-node-agent";

  /** Creates a pod for a node's agent, in which nothing runs, and returns a token bound to it. */
  public static AgentToken of(TestCluster cluster, String node) {
    String uid =
        cluster
            .client()
            .resource(
                new PodBuilder()
                    .withNewMetadata()
                    .withNamespace(TestCluster.SYSTEM)
                    .withName("agent-on-" + node)
                    .endMetadata()
                    .withNewSpec()
                    .withNodeName(node)
                    .withServiceAccountName(ACCOUNT)
                    .addNewContainer()
                    .withName("agent")
                    .withImage("none")
                    .endContainer()
                    .endSpec()
                    .build())
            .create()
            .getMetadata()
            .getUid();
    return new AgentToken(
        cluster,
        cluster
            .client()
            .serviceAccounts()
            .inNamespace(TestCluster.SYSTEM)
            .withName(ACCOUNT)
            .tokenRequest(
                new TokenRequestBuilder()
                    .withNewSpec()
                    .withNewBoundObjectRef("v1", "Pod", "agent-on-" + node, uid)
                    .endSpec()
                    .build())
            .getStatus()
            .getToken());
  }

  /** Returns a client that uses this token. */
  public KubernetesClient client() {
    Config config = Config.fromKubeconfig(cluster.api().kubeconfig().toFile());
    config.setOauthToken(token);
    config.setAutoOAuthToken(null);
    config.setRequestRetryBackoffLimit(0);
    return new KubernetesClientBuilder().withConfig(config).build();
  }
}
