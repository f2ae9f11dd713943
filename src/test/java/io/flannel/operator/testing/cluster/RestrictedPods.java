package io.flannel.operator.testing.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;

/**
 * Puts the operator's namespace under Kubernetes' Pod Security Standard {@code restricted} until
 * closed, so that the API server refuses task pods.
 */
public final class RestrictedPods implements AutoCloseable {
  private final KubernetesClient client;

  private RestrictedPods(KubernetesClient client) {
    this.client = client;
  }

  /** Enforces the standard, and returns once it is in force. */
  public static RestrictedPods in(TestCluster cluster) {
    var restricted = new RestrictedPods(cluster.client());
    restricted.enforce("\"restricted\"");
    TestCluster.eventually(
        "the standard is in force",
        () -> assertThatThrownBy(restricted::tryOne).hasMessageContaining("PodSecurity"));
    return restricted;
  }

  @Override
  public void close() {
    enforce("null");
    TestCluster.eventually("no more", () -> assertThat(tryOne()).isNotNull());
  }

  private void enforce(String standard) {
    client
        .namespaces()
        .withName(TestCluster.SYSTEM)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\": {\"labels\": {\"pod-security.kubernetes.io/enforce\": %s}}}"
                .formatted(standard));
  }

  private Object tryOne() {
    return client
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName("probe")
                .withNamespace(TestCluster.SYSTEM)
                .endMetadata()
                .withNewSpec()
                .withHostNetwork(true)
                .addNewContainer()
                .withName("probe")
                .withImage("none")
                .endContainer()
                .endSpec()
                .build())
        .dryRun()
        .create();
  }
}
