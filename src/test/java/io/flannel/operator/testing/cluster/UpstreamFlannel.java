package io.flannel.operator.testing.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.flannel.ForeignInstalls;
import io.flannel.operator.flannel.Installs;
import io.flannel.operator.testing.apiserver.ApiServer;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A flannel that somebody installed with kubectl, without the operator. */
public record UpstreamFlannel(ApiServer api) {
  public static UpstreamFlannel in(TestCluster cluster) {
    return new UpstreamFlannel(cluster.api());
  }

  /** Applies one of {@link Installs}, as upstream's documentation says. */
  public UpstreamFlannel install(String name) {
    // An earlier test may have left the namespace terminating.
    TestCluster.eventually(
        "upstream's flannel",
        () -> {
          if (client().namespaces().withName(TestCluster.FLANNEL).get() == null) {
            api.kubectl("create", "namespace", TestCluster.FLANNEL);
          }
          assertThat(api.kubectl("apply", "-f", Installs.file(name).toString()))
              .contains("daemonset.apps/kube-flannel-ds ")
              .doesNotContain("Error");
        });
    return this;
  }

  /** Applies one of {@link ForeignInstalls}, whoever owned its objects before. */
  public UpstreamFlannel installForeign(String name) {
    client()
        .load(
            new ByteArrayInputStream(
                ForeignInstalls.manifest(name).getBytes(StandardCharsets.UTF_8)))
        .items()
        .forEach(
            object ->
                client()
                    .resource(object)
                    .fieldManager("kubectl")
                    .forceConflicts()
                    .serverSideApply());
    return this;
  }

  /** Waits until each node has one of its pods. */
  public UpstreamFlannel awaitPods() {
    TestCluster.eventually(
        "a pod of upstream's on each node",
        () -> {
          var status = daemonSets().getFirst().getStatus();
          assertThat(status.getCurrentNumberScheduled())
              .isEqualTo(client().nodes().list().getItems().size());
        });
    return this;
  }

  /** Whether a namespace has nothing of it left, except what is ours now. */
  public boolean isGone(String namespace) {
    boolean ours = namespace.equals(TestCluster.FLANNEL);
    return client().configMaps().inNamespace(namespace).withName("kube-flannel-cfg").get() == null
        && (ours
            || client().serviceAccounts().inNamespace(namespace).withName("flannel").get() == null)
        && daemonSets().stream()
            .allMatch(one -> one.getMetadata().getNamespace().equals(TestCluster.FLANNEL));
  }

  /** Returns all DaemonSets with the name of upstream's. */
  public List<DaemonSet> daemonSets() {
    return client()
        .apps()
        .daemonSets()
        .inAnyNamespace()
        .withField("metadata.name", "kube-flannel-ds")
        .list()
        .getItems();
  }

  private KubernetesClient client() {
    return api.client();
  }
}
