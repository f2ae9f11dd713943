package io.flannel.operator.testing;

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

/** A FlannelNetwork as its administrator handles it. */
public record TestNetwork(KubernetesClient client, String name) {
  /** The usual spec, whose rollouts are measured quickly; one line more can be appended. */
  public static final String IPIP =
      """
      cidr: 10.244.0.0/16
      backend: {type: ipip}
      health: {interval: 1s, failAfter: 2}
      """;

  /** The same without node agents. */
  public static final String UNMEASURED =
      """
      cidr: 10.244.0.0/16
      backend: {type: ipip}
      health: {enabled: false}
      """;

  /** The same with the other backend. */
  public static final String VXLAN =
      """
      cidr: 10.244.0.0/16
      backend: {type: vxlan}
      health: {interval: 1s, failAfter: 2}
      """;

  /** A FlannelNetwork of a cluster, whether it is there or not. */
  public static TestNetwork of(TestCluster cluster, String name) {
    return new TestNetwork(cluster.client(), name);
  }

  /**
   * As {@code kubectl apply --server-side}: what an earlier spec said and this one does not, goes.
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

  /** Deletes it, and returns at once. */
  public void delete() {
    client.resources(FlannelNetwork.class).withName(name).delete();
  }

  /** Waits until it is gone. */
  public void awaitGone() {
    TestCluster.eventually(
        name + " is gone",
        () -> assertThat(client.resources(FlannelNetwork.class).withName(name).get()).isNull());
  }

  /** Puts something new on it that is nobody's business. */
  public void poke(String value) {
    annotate("example.org/poke", value + " " + System.nanoTime());
  }

  /** Confirms, as an administrator does, that no other flannel runs. */
  public TestNetwork confirmNoOtherFlannel() {
    annotate("flannel.io/confirm-no-other-flannel", "true");
    return this;
  }

  /** Sets an annotation. */
  public void annotate(String key, String value) {
    client
        .resources(FlannelNetwork.class)
        .withName(name)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\":{\"annotations\":{\"%s\":\"%s\"}}}".formatted(key, value));
  }

  /** It, as the API server has it. */
  public FlannelNetwork get() {
    return Objects.requireNonNull(client.resources(FlannelNetwork.class).withName(name).get());
  }

  /** Whether it is there. */
  public boolean exists() {
    return client.resources(FlannelNetwork.class).withName(name).get() != null;
  }

  /** Its status; empty as long as there is none. */
  public Optional<FlannelNetworkStatus> maybeStatus() {
    return Optional.ofNullable(get().getStatus());
  }

  /** Its status. */
  public FlannelNetworkStatus status() {
    return maybeStatus().orElseThrow();
  }

  /** One of its conditions. */
  public Optional<StatusCondition> condition(String type) {
    return maybeStatus().map(FlannelNetworkStatus::conditions).stream()
        .flatMap(List::stream)
        .filter(condition -> condition.type().equals(type))
        .findFirst();
  }

  /**
   * {@code Accepted=T Ready=F …}, of the present generation; else what is missing. TunnelsHealthy
   * is left out: it is part of Ready.
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

  /** Waits for Ready, of the present generation. */
  public TestNetwork awaitReady() {
    return awaitConditions("Accepted=T Ready=T Reconciling=F Stalled=F");
  }

  /** Waits until an adoption is over, and was told once. */
  public void awaitAdopted() {
    TestCluster.eventually(
        "told",
        () -> {
          assertThat(status().adoption()).isNull();
          assertThat(events()).filteredOn(it -> it.startsWith("Adopted: ")).hasSize(1);
        });
  }

  /** Waits for all four conditions, of the present generation. */
  public TestNetwork awaitConditions(String conditions) {
    TestCluster.eventually(
        name + " " + conditions,
        () ->
            assertThat(conditions())
                .as(() -> Serialization.asYaml(get().getStatus()))
                .isEqualTo(conditions));
    return this;
  }

  /** Waits until it is refused for that reason, and says so as it is to be said. */
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

  /** What its Events tell, oldest first: {@code reason: note}. */
  public List<String> events() {
    return eventsRegarding().map(event -> event.getReason() + ": " + event.getNote()).toList();
  }

  /** The reasons of its Events, oldest first. */
  public List<String> eventReasons() {
    return eventsRegarding().map(event -> event.getReason()).toList();
  }

  private Stream<io.fabric8.kubernetes.api.model.events.v1.Event> eventsRegarding() {
    return client.events().v1().events().inNamespace("default").list().getItems().stream()
        .filter(event -> event.getRegarding().getName().equals(name))
        .sorted(Comparator.comparing(event -> event.getEventTime().getTime()));
  }
}
