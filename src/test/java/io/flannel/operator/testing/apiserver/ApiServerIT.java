package io.flannel.operator.testing.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.LimitRange;
import io.fabric8.kubernetes.api.model.LimitRangeBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests the harness itself. */
class ApiServerIT {
  @RegisterExtension static final ApiServer api = new ApiServer();

  @Test
  void aNodeIsAsAKubeletAndFlanneldWouldHaveWrittenIt() {
    var node =
        TestNode.named("worker-1")
            .podCidrs("10.244.1.0/24", "fd00:10:244:1::/64")
            .internalIp("192.168.0.81")
            .lease("ipip", "null", "192.168.0.81")
            .create(api.client());

    assertThat(node.getSpec().getPodCIDR()).isEqualTo("10.244.1.0/24");
    assertThat(node.getMetadata().getAnnotations())
        .containsEntry("flannel.alpha.coreos.com/backend-type", "ipip")
        .containsEntry("flannel.alpha.coreos.com/backend-data", "null");
    assertThat(node.getStatus().getAddresses().getFirst().getAddress()).isEqualTo("192.168.0.81");
    assertThat(node.getStatus().getConditions().getFirst().getStatus()).isEqualTo("True");

    var notReady = TestNode.named("worker-1").notReady().update(api.client());
    assertThat(notReady.getStatus().getConditions())
        .singleElement()
        .satisfies(ready -> assertThat(ready.getStatus()).isEqualTo("False"));
  }

  @Test
  void theAuditLogAndTheMetricsTellWhoWroteWhat() {
    api.client().resource(namespace("audited")).create();
    api.client()
        .resource(
            new io.fabric8.kubernetes.api.model.ServiceAccountBuilder()
                .withNewMetadata()
                .withNamespace("audited")
                .withName("someone")
                .endMetadata()
                .build())
        .create();
    String someone = "system:serviceaccount:audited:someone";
    var config = Config.fromKubeconfig(api.kubeconfigOf("audited", "someone").toFile());
    var mark = api.audit().mark();
    var counts = api.requests();

    try (var client = new KubernetesClientBuilder().withConfig(config).build()) {
      Assertions.assertThatExceptionOfType(KubernetesClientException.class)
          .isThrownBy(() -> client.resource(limitRange("a")).create())
          .withMessageContaining("forbidden");
    }
    api.client().resource(limitRange("dry")).dryRun(true).create();
    api.client().resource(limitRange("b")).create();

    var since = api.audit().since(mark);
    assertThat(since).anyMatch(r -> r.user().equals(someone) && r.code() == 403);
    assertThat(since).noneMatch(r -> r.isWriteBy(someone));
    assertThat(since)
        .filteredOn(r -> r.isWriteBy("test-admin"))
        .singleElement()
        .satisfies(
            r -> {
              assertThat(r.verb()).isEqualTo("create");
              assertThat(r.resource()).isEqualTo("limitranges");
              assertThat(r.name()).isEqualTo("b");
              assertThat(r.userAgent()).isEqualTo("test-admin");
            });
    assertThat(
            api.requests()
                .since(counts)
                .count(kind -> kind.resource().equals("limitranges") && kind.isWrite()))
        .isEqualTo(1);
    assertThat(api.audit().since(api.audit().mark())).noneMatch(AuditLog.Request::isWrite);
  }

  @Test
  void theControllerManagerMakesWhatAPodNeeds() {
    api.controllerManager();
    api.client().resource(namespace("managed")).create();
    await()
        .untilAsserted(
            () -> {
              assertThat(
                      api.client()
                          .serviceAccounts()
                          .inNamespace("managed")
                          .withName("default")
                          .get())
                  .isNotNull();
              assertThat(
                      api.client()
                          .configMaps()
                          .inNamespace("managed")
                          .withName("kube-root-ca.crt")
                          .get())
                  .isNotNull();
            });
    api.client().namespaces().withName("managed").delete();
    await()
        .untilAsserted(
            () -> assertThat(api.client().namespaces().withName("managed").get()).isNull());
  }

  private static io.fabric8.kubernetes.api.model.Namespace namespace(String name) {
    return new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build();
  }

  /** Returns an object of a kind that Kubernetes itself does not write, unlike ConfigMaps. */
  private static LimitRange limitRange(String name) {
    return new LimitRangeBuilder()
        .withNewMetadata()
        .withNamespace("audited")
        .withName(name)
        .endMetadata()
        .withNewSpec()
        .addNewLimit()
        .withType("Pod")
        .addToMax("memory", new Quantity("1Gi"))
        .endLimit()
        .endSpec()
        .build();
  }
}
