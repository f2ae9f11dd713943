package io.flannel.operator.plugin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.flannel.operator.testing.cluster.TestCluster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The rights of kubectl-plugin/rights.yaml, for a release flannel-operator in a test's cluster. */
final class PublishedRights {
  static final Path FILE = Path.of("kubectl-plugin/rights.yaml");

  private PublishedRights() {}

  /** Creates a ServiceAccount without rights in namespace default; returns its kubeconfig. */
  static Path account(TestCluster cluster, String name) {
    cluster
        .client()
        .resource(
            new ServiceAccountBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .build())
        .createOr(it -> it.update());
    return cluster.api().kubeconfigOf("default", name);
  }

  /**
   * Binds the published rights of one kind to a ServiceAccount in namespace default.
   *
   * @param kind ClusterRole or Role
   */
  static void give(TestCluster cluster, String account, String kind) {
    String wanted;
    try {
      wanted =
          Arrays.stream(Files.readString(FILE).split("---\n"))
              .filter(document -> document.contains("kind: " + kind + "\n"))
              .findFirst()
              .orElseThrow()
              .replace("namespace: flannel-operator", "namespace: " + TestCluster.SYSTEM);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String binding =
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: %1$sBinding
        metadata: {name: %2$s%3$s}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %1$s, name: flannel-viewer}
        subjects: [{kind: ServiceAccount, name: %2$s, namespace: default}]
        """
            .formatted(
                kind, account, kind.equals("Role") ? ", namespace: " + TestCluster.SYSTEM : "");
    for (String document : List.of(wanted, binding)) {
      cluster.client().load(new ByteArrayInputStream(document.getBytes(UTF_8))).serverSideApply();
    }
  }
}
