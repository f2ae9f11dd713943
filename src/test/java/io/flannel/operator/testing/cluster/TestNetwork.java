package io.flannel.operator.testing.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.StatusCondition;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;

/** A FlannelNetwork from its administrator's point of view. */
public record TestNetwork(KubernetesClient client, String name) {
  /** The usual spec, with rollouts that are measured quickly; another line can be appended. */
  public static final String IPIP =
      """
      cidr: 10.244.0.0/16
      backend: {type: ipip}
      health: {interval: 1s, failAfter: 2}
      """;

  /** The usual spec without node agents. */
  public static final String UNMEASURED =
      """
      cidr: 10.244.0.0/16
      backend: {type: ipip}
      health: {enabled: false}
      """;

  /** The usual spec with the other backend. */
  public static final String VXLAN =
      """
      cidr: 10.244.0.0/16
      backend: {type: vxlan}
      health: {interval: 1s, failAfter: 2}
      """;

  /** Returns a cluster's FlannelNetwork, whether it exists or not. */
  public static TestNetwork of(TestCluster cluster, String name) {
    return new TestNetwork(cluster.client(), name);
  }

  /**
   * Applies a spec like {@code kubectl apply --server-side}: fields that only an earlier spec had
   * are removed.
   */
  public TestNetwork apply(String spec) {
    String manifest =
        """
        apiVersion: flannel.io/v1alpha1
        kind: FlannelNetwork
        metadata:
          name: %s
        spec:
        %s
        """
            .formatted(name, spec.indent(2));
    client
        .resource(Serialization.unmarshal(manifest, GenericKubernetesResource.class))
        .fieldManager("administrator")
        .forceConflicts()
        .serverSideApply();
    return this;
  }

  /** Deletes it, without waiting. */
  public void delete() {
    client.resources(FlannelNetwork.class).withName(name).delete();
  }

  public void awaitGone() {
    TestCluster.eventually(
        name + " is gone",
        () -> assertThat(client.resources(FlannelNetwork.class).withName(name).get()).isNull());
  }

  /** Sets an annotation that means nothing, to trigger a reconciliation. */
  public void poke(String value) {
    annotate("example.org/poke", value + " " + System.nanoTime());
  }

  /** Confirms, as an administrator does, that no other flannel runs. */
  public TestNetwork confirmNoOtherFlannel() {
    annotate("flannel.io/confirm-no-other-flannel", "true");
    return this;
  }

  public void annotate(String key, String value) {
    client
        .resources(FlannelNetwork.class)
        .withName(name)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\":{\"annotations\":{\"%s\":\"%s\"}}}".formatted(key, value));
  }

  /** Returns the network from the API server. */
  public FlannelNetwork get() {
    return Objects.requireNonNull(client.resources(FlannelNetwork.class).withName(name).get());
  }

  /** Whether it exists. */
  public boolean exists() {
    return client.resources(FlannelNetwork.class).withName(name).get() != null;
  }

  /** Returns its status. Empty if there is none yet. */
  public Optional<FlannelNetworkStatus> maybeStatus() {
    return Optional.ofNullable(get().getStatus());
  }

  /** Returns its status, which must exist. */
  public FlannelNetworkStatus status() {
    return maybeStatus().orElseThrow();
  }

  /** Returns one of its conditions. */
  public Optional<StatusCondition> condition(String type) {
    return maybeStatus().map(FlannelNetworkStatus::conditions).stream()
        .flatMap(List::stream)
        .filter(condition -> condition.type().equals(type))
        .findFirst();
  }

  /**
   * Returns {@code Accepted=T Ready=F …} for the current generation, or that it is not observed
   * yet. TunnelsHealthy is left out, since it is part of Ready.
   */
  public String conditions() {
    FlannelNetwork network = get();
    FlannelNetworkStatus status = network.getStatus();
    if (status == null
        || !Objects.equals(status.observedGeneration(), network.getMetadata().getGeneration())) {
      return "not observed yet";
    }
    return String.join(
        " ",
        Objects.requireNonNull(status.conditions()).stream()
            .filter(one -> !one.type().equals("TunnelsHealthy"))
            .map(one -> one.type() + "=" + one.status().name().charAt(0))
            .toList());
  }

  /** Waits until it is Ready for the current generation. */
  public TestNetwork awaitReady() {
    return awaitConditions("Accepted=T Ready=T Reconciling=F Stalled=F");
  }

  /** Waits until an adoption is over and was reported once. */
  public void awaitAdopted() {
    TestCluster.eventually(
        "told",
        () -> {
          assertThat(status().adoption()).isNull();
          assertThat(events()).filteredOn(it -> it.startsWith("Adopted: ")).hasSize(1);
        });
  }

  /** Waits for these values of the four conditions, for the current generation. */
  public TestNetwork awaitConditions(String conditions) {
    TestCluster.eventually(
        name + " " + conditions,
        () ->
            assertThat(conditions())
                .as(() -> Serialization.asYaml(get().getStatus()))
                .isEqualTo(conditions));
    return this;
  }

  /** Waits until it is refused for this reason, with a remedy and these words in its message. */
  public TestNetwork awaitRefused(String reason, String... words) {
    awaitConditions("Accepted=F Ready=F Reconciling=F Stalled=T");
    TestCluster.eventually(
        name + " refused: " + reason,
        () ->
            SoftAssertions.assertSoftly(
                softly -> {
                  StatusCondition accepted = condition("Accepted").orElseThrow();
                  softly.assertThat(accepted.reason()).isEqualTo(reason);
                  softly.assertThat(accepted.message()).contains("what to do:");
                  for (String word : words) {
                    softly.assertThat(accepted.message()).contains(word);
                  }
                }));
    return this;
  }

  /** Returns its Events, oldest first: {@code reason: note}. */
  public List<String> events() {
    return eventsRegarding().map(event -> event.getReason() + ": " + event.getNote()).toList();
  }

  /** Returns the reasons of its Events, oldest first. */
  public List<String> eventReasons() {
    return eventsRegarding().map(event -> event.getReason()).toList();
  }

  private Stream<io.fabric8.kubernetes.api.model.events.v1.Event> eventsRegarding() {
    return client.events().v1().events().inNamespace("default").list().getItems().stream()
        .filter(event -> event.getRegarding().getName().equals(name))
        .sorted(Comparator.comparing(event -> event.getEventTime().getTime()));
  }
}
