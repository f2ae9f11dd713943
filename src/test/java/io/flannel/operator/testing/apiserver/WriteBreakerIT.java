package io.flannel.operator.testing.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The proxy forwards everything, and breaks off where a test says. */
class WriteBreakerIT {
  @RegisterExtension static final ApiServer api = new ApiServer();

  private WriteBreaker breaker;
  private KubernetesClient client;

  @BeforeEach
  void connect() {
    breaker = WriteBreaker.to(api);
    Config config = Config.fromKubeconfig(api.kubeconfig(breaker).toFile());
    config.setRequestRetryBackoffLimit(0);
    client = new KubernetesClientBuilder().withConfig(config).build();
  }

  @AfterEach
  void disconnect() {
    client.close();
    breaker.close();
  }

  @Test
  void watchesAndInformersSeeWhatIsWrittenThroughTheProxy() {
    List<String> watched = new CopyOnWriteArrayList<>();
    List<String> informed = new CopyOnWriteArrayList<>();
    try (var watch =
            client
                .configMaps()
                .inNamespace("default")
                .withLabel("for", "watch")
                .watch(recordingIn(watched));
        var informer =
            client
                .configMaps()
                .inNamespace("default")
                .withLabel("for", "watch")
                .inform(handlerRecordingIn(informed))) {
      client.resource(configMap("watched", "watch", "1")).serverSideApply();
      client.resource(configMap("watched", "watch", "2")).serverSideApply();
      await()
          .untilAsserted(
              () -> {
                assertThat(watched).containsExactly("ADDED 1", "MODIFIED 2");
                assertThat(informed).containsExactly("added 1", "updated 2");
              });
    }
    assertThat(breaker.writes())
        .hasSize(2)
        .allMatch(w -> w.method().equals("PATCH") && w.path().contains("/configmaps/watched"));
    assertThat(breaker.fired()).isNull();
  }

  @Test
  void refusalsComeThroughWithTheirMessage() {
    assertThatThrownBy(() -> client.resource(configMap("Bad_Name", "x", "1")).create())
        .hasMessageContaining("RFC 1123");
  }

  @Test
  void apiServerHasOnlyTheFirstBeforeTheSecondWrite() {
    List<String> calls = new CopyOnWriteArrayList<>();
    breaker.arm(2, WriteBreaker.When.BEFORE, () -> calls.add("killed"));

    client.resource(configMap("before-1", "x", "1")).create();
    assertThatThrownBy(() -> client.resource(configMap("before-2", "x", "1")).create());

    assertThat(calls).containsExactly("killed");
    assertThat(breaker.fired()).hasToString("POST /api/v1/namespaces/default/configmaps");
    assertThat(find("before-1")).isNotNull();
    assertThat(find("before-2")).isNull();
    client.resource(configMap("before-3", "x", "1")).create();
    assertThat(find("before-3")).isNotNull();
  }

  @Test
  void apiServerHasBothAfterTheSecondWrite() {
    List<String> calls = new CopyOnWriteArrayList<>();
    breaker.arm(2, WriteBreaker.When.AFTER, () -> calls.add("killed"));

    client.resource(configMap("after-1", "x", "1")).create();
    assertThatThrownBy(() -> client.resource(configMap("after-2", "x", "1")).create());

    assertThat(calls).containsExactly("killed");
    assertThat(find("after-1")).isNotNull();
    assertThat(find("after-2")).isNotNull();
  }

  @Test
  void dryRunsLeasesAndEventsDoNotCountAsWritesOfObjects() {
    breaker.arm(1, WriteBreaker.When.BEFORE, () -> {});
    client.resource(configMap("dry", "x", "1")).dryRun(true).create();
    client
        .leases()
        .inNamespace("default")
        .resource(
            new io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder()
                .withNewMetadata()
                .withName("leader")
                .endMetadata()
                .build())
        .create();
    assertThat(breaker.fired()).isNull();
  }

  private static ConfigMap find(String name) {
    return api.client().configMaps().inNamespace("default").withName(name).get();
  }

  private static ConfigMap configMap(String name, String label, String value) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withNamespace("default")
        .withName(name)
        .addToLabels("for", label)
        .endMetadata()
        .addToData("value", value)
        .build();
  }

  private static Watcher<ConfigMap> recordingIn(List<String> seen) {
    return new Watcher<>() {
      @Override
      public void eventReceived(Action action, ConfigMap object) {
        if (action != Action.BOOKMARK) {
          seen.add(action + " " + object.getData().get("value"));
        }
      }

      @Override
      public void onClose(WatcherException cause) {
        seen.add("closed: " + cause);
      }
    };
  }

  private static ResourceEventHandler<ConfigMap> handlerRecordingIn(List<String> seen) {
    return new ResourceEventHandler<>() {
      @Override
      public void onAdd(ConfigMap object) {
        seen.add("added " + object.getData().get("value"));
      }

      @Override
      public void onUpdate(ConfigMap before, ConfigMap object) {
        seen.add("updated " + object.getData().get("value"));
      }

      @Override
      public void onDelete(ConfigMap object, boolean unknown) {
        seen.add("deleted " + object.getData().get("value"));
      }
    };
  }
}
