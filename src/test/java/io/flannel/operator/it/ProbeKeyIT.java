package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.SecretVolumeSource;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The Secret with which node agents authenticate each other's requests: created, renewed, repaired
 * and never disclosed.
 */
class ProbeKeyIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  /** All keys that existed during a test, in base64. */
  private final Set<String> seen = new HashSet<>();

  private TestNetwork network;

  @BeforeEach
  void install() {
    cluster.nodes(2);
    network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP);
    eventually("the Secret", () -> assertThat(secret().get()).isNotNull());
    // After this the operator's cache has the Secret too.
    operator.process().awaitPassAfter(() -> network.poke("made"));
    keys();
  }

  @Test
  void itIsTheOperatorsAndMountedIntoTheAgents() {
    Secret secret = secret().get();
    assertThat(secret.getType()).isEqualTo("Opaque");
    assertThat(keys()).hasSize(3).doesNotHaveDuplicates();
    assertThat(secret.getMetadata().getLabels()).containsEntry("flannel.io/network", "default");
    assertThat(secret.getMetadata().getManagedFields())
        .extracting(ManagedFieldsEntry::getManager)
        .containsExactly("flannel-operator");
    assertThat(Instant.parse(secret.getMetadata().getAnnotations().get("flannel.io/renewed-at")))
        .isBeforeOrEqualTo(Instant.now());

    eventually("the agents", () -> assertThat(agents()).isNotNull());
    var pods = agents().getSpec().getTemplate().getSpec();
    assertThat(pods.getVolumes())
        .filteredOn(volume -> volume.getSecret() != null)
        .extracting(Volume::getSecret)
        .singleElement()
        .satisfies(
            (SecretVolumeSource source) -> {
              assertThat(source.getSecretName()).isEqualTo("flannel-probe-key");
              assertThat(source.getOptional()).isTrue();
            });
    assertThat(pods.getContainers().getFirst().getVolumeMounts())
        .filteredOn(mount -> mount.getName().equals("probe-key"))
        .singleElement()
        .satisfies(
            (VolumeMount mount) -> {
              assertThat(mount.getMountPath()).isEqualTo("/etc/flannel-probe-key");
              assertThat(mount.getReadOnly()).isTrue();
            });
  }

  @Test
  void itStaysAsItIsOverARestart() {
    List<String> before = keys();
    AuditLog.Mark mark = cluster.api().audit().mark();
    operator.process().restart();
    operator.process().awaitPassAfter(() -> network.poke("restarted"));

    assertThat(keys()).isEqualTo(before);
    assertThat(cluster.writes(mark))
        .filteredOn(write -> write.resource().equals("secrets"))
        .isEmpty();
  }

  @Test
  void deletedOrEditedKeyIsMendedAndGoodOnesStay() {
    List<String> first = keys();
    secret().delete();
    eventually(
        "another one", () -> assertThat(keys()).hasSize(3).doesNotContainAnyElementsOf(first));

    List<String> before = keys();
    edit(it -> it.getData().put("current", "Z2FyYmFnZQ=="));
    eventually(
        "the next key in the place of the one that was lost",
        () -> {
          assertThat(keys()).startsWith(before.get(1)).endsWith(before.get(2));
          assertThat(keys().get(1)).isNotIn(before);
        });

    List<String> mended = keys();
    edit(it -> it.getData().remove("previous"));
    eventually(
        "a previous one",
        () -> assertThat(keys()).hasSize(3).startsWith(mended.get(0), mended.get(1)));

    edit(it -> it.setData(Map.of()));
    eventually(
        "all three", () -> assertThat(keys()).hasSize(3).doesNotContainAnyElementsOf(mended));

    List<String> whole = keys();
    edit(it -> it.getMetadata().setLabels(Map.of()));
    eventually(
        "its label",
        () ->
            assertThat(secret().get().getMetadata().getLabels())
                .containsEntry("flannel.io/network", "default"));
    assertThat(keys()).isEqualTo(whole);
  }

  @Test
  void oneThatCannotBeChangedIsReplaced() {
    List<String> before = keys();
    edit(it -> it.setImmutable(true));
    eventually(
        "one that can be changed",
        () -> assertThat(secret().get().getImmutable()).isNotEqualTo(true));
    assertThat(keys()).as("with what it held").isEqualTo(before);

    network.apply(TestNetwork.IPIP + "paused: true");
    eventually(
        "it pauses",
        () ->
            assertThat(network.status().observedGeneration())
                .isEqualTo(network.get().getMetadata().getGeneration()));
    secret().delete();
    cluster
        .client()
        .resource(
            new SecretBuilder()
                .withMetadata(named())
                .withType("example.org/mine")
                .addToStringData("current", "mine")
                .build())
        .create();
    network.apply(TestNetwork.IPIP);
    eventually(
        "ours",
        () -> {
          assertThat(secret().get().getType()).isEqualTo("Opaque");
          assertThat(keys()).hasSize(3);
        });
  }

  @Test
  void itIsRenewedOnceADayAndOnDemand() {
    List<String> before = keys();
    renewedBefore(Duration.ofHours(25));
    eventually("each key is one place on", () -> isOneOnFrom(before));

    List<String> renewed = keys();
    edit(it -> annotations(it).put("flannel.io/renew", "1"));
    operator.process().awaitPassAfter(() -> network.poke("too early"));
    assertThat(keys()).isEqualTo(renewed);
    renewedBefore(Duration.ofMinutes(11));
    eventually("once it is time", () -> isOneOnFrom(renewed));
    List<String> again = keys();
    renewedBefore(Duration.ofMinutes(11));
    operator.process().awaitPassAfter(() -> network.poke("asked for once"));
    assertThat(keys()).isEqualTo(again);
  }

  @Test
  void itGoesWithTheAgents() {
    network.apply(TestNetwork.UNMEASURED);
    eventually("no Secret", () -> assertThat(secret().get()).isNull());
    eventually("no agents", () -> assertThat(agents()).isNull());
  }

  @Test
  void itGoesWhenFlannelIsRemoved() {
    cluster.client().nodes().delete();
    network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup");
    operator.process().awaitPassAfter(() -> network.poke("finalizer"));
    network.delete();
    eventually("no Secret", () -> assertThat(secret().get()).isNull());
  }

  @Test
  void noKeyIsEverTold() throws IOException {
    edit(it -> it.getData().put("next", "Z2FyYmFnZQ=="));
    eventually("mended", () -> assertThat(keys()).hasSize(3));
    renewedBefore(Duration.ofHours(25));
    List<String> before = keys();
    eventually("renewed", () -> assertThat(keys().getFirst()).isEqualTo(before.get(1)));
    operator.process().awaitPassAfter(() -> network.poke("told"));

    String told =
        String.join(
            "\n",
            operator.process().logged(),
            operator.process().get("/q/metrics").body(),
            String.join("\n", network.events()),
            Serialization.asYaml(network.get()),
            Serialization.asYaml(cluster.client().resources(FlannelNode.class).list()),
            Serialization.asYaml(agents()));
    assertThat(told).contains("applied Secret flannel-system/flannel-probe-key");
    for (String key : seen) {
      byte[] bytes = Base64.getDecoder().decode(key);
      assertThat(told)
          .doesNotContain(key)
          .doesNotContainIgnoringCase(HexFormat.of().formatHex(bytes));
    }
  }

  private void isOneOnFrom(List<String> before) {
    assertThat(keys()).hasSize(3);
    assertThat(keys().get(0)).isEqualTo(before.get(1));
    assertThat(keys().get(1)).isNotIn(before);
    assertThat(keys().get(2)).isEqualTo(before.get(0));
  }

  private static Resource<Secret> secret() {
    return cluster.client().secrets().inNamespace(TestCluster.SYSTEM).withName("flannel-probe-key");
  }

  private static ObjectMeta named() {
    ObjectMeta meta = new ObjectMeta();
    meta.setNamespace(TestCluster.SYSTEM);
    meta.setName("flannel-probe-key");
    return meta;
  }

  private static DaemonSet agents() {
    return cluster
        .client()
        .apps()
        .daemonSets()
        .inNamespace(TestCluster.SYSTEM)
        .withName("flannel-node-agent")
        .get();
  }

  /** Returns the current, next and previous keys, without those that are not valid keys. */
  private List<String> keys() {
    Secret live = Objects.requireNonNullElseGet(secret().get(), Secret::new);
    Map<String, String> data = Objects.requireNonNullElse(live.getData(), Map.of());
    List<String> keys = new ArrayList<>();
    for (String entry : List.of("current", "next", "previous")) {
      String key = data.getOrDefault(entry, "");
      if (Base64.getDecoder().decode(key).length == 32) {
        keys.add(key);
      }
    }
    seen.addAll(keys);
    return keys;
  }

  private static Map<String, String> annotations(Secret secret) {
    return secret.getMetadata().getAnnotations();
  }

  private static void renewedBefore(Duration ago) {
    edit(it -> annotations(it).put("flannel.io/renewed-at", Instant.now().minus(ago).toString()));
  }

  /** Edits the Secret like {@code kubectl edit}, not with the operator's field manager. */
  private static void edit(Consumer<Secret> change) {
    secret()
        .edit(
            live -> {
              change.accept(live);
              return live;
            });
  }
}
