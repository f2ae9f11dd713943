package io.flannel.operator.gitops;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.testing.cli.Kubectl;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Git without a GitOps tool: repeated {@code kubectl apply --server-side}, with the real kubectl.
 */
class ServerSideApplyIT {
  private static final String NETWORK =
      """
      apiVersion: flannel.io/v1alpha1
      kind: FlannelNetwork
      metadata:
        name: default
      spec:
        cidr: 10.244.0.0/16
        backend: {type: %s}
        health: {interval: 1s, failAfter: 2}
        deletionPolicy: %s
        rollout: {progressDeadline: 9m}
      """;

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 2);

  private TestNetwork network;
  private Kubectl kubectl;

  @BeforeEach
  void aNetwork() {
    network = TestNetwork.of(cluster, "default");
    kubectl = new Kubectl(cluster.api());
  }

  /** Not even after the operator has added its finalizer. */
  @Test
  void nobodyElseOwnsWhatIsAppliedAndThereIsNothingToApplyTwice() {
    apply("ipip", "Cleanup");
    network.awaitReady();
    assertThat(network.get().getMetadata().getFinalizers()).containsExactly("flannel.io/cleanup");
    List<ManagedFieldsEntry> applied = appliedByKubectl();
    long generation = network.get().getMetadata().getGeneration();

    apply("ipip", "Cleanup");

    assertThat(appliedByKubectl()).hasSize(1).isEqualTo(applied);
    assertThat(network.get().getMetadata().getGeneration()).isEqualTo(generation);
    assertThat(network.get().getMetadata().getFinalizers()).containsExactly("flannel.io/cleanup");
    Kubectl.Outcome diff = diff("ipip", "Cleanup");
    assertThat(diff.code()).as(diff.said()).isZero();
    // With Cleanup, the deletion would wait for task pods on the nodes, which nobody simulates
    // here.
    apply("ipip", "Retain");
    eventually(
        "no finalizer",
        () -> assertThat(network.get().getMetadata().getFinalizers()).isNullOrEmpty());
  }

  @Test
  void aChangeInGitIsCarriedOutAndOneByHandIsSeenAndPutBack() {
    apply("vxlan", "Retain");
    network.awaitReady();
    apply("ipip", "Retain");
    network.awaitReady();
    assertThat(network.status().applied())
        .isNotNull()
        .satisfies(applied -> assertThat(applied.backend()).isEqualTo(BackendType.IPIP));

    Kubectl.Outcome edit =
        kubectl.run(
            "patch",
            "fnet",
            "default",
            "--type=merge",
            "-p",
            "{\"spec\":{\"rollout\":{\"progressDeadline\":\"3m\"}}}");
    assertThat(edit.code()).as(edit.said()).isZero();
    assertThat(diff("ipip", "Retain").said()).contains("-    progressDeadline: 3m");

    Kubectl.Outcome asked = tryApply("ipip", "Retain");
    assertThat(asked.code()).isNotZero();
    assertThat(asked.said()).contains("conflict with \"kubectl-patch\"");

    Kubectl.Outcome forced = tryApply("ipip", "Retain", "--force-conflicts");
    assertThat(forced.code()).as(forced.said()).isZero();
    assertThat(network.get().getSpec().rollout())
        .isNotNull()
        .satisfies(rollout -> assertThat(rollout.progressDeadline()).isEqualTo("9m"));
    network.awaitReady();
  }

  private void apply(String backend, String deletionPolicy) {
    Kubectl.Outcome outcome = tryApply(backend, deletionPolicy);
    assertThat(outcome.code()).as(outcome.said()).isZero();
  }

  private Kubectl.Outcome tryApply(String backend, String deletionPolicy, String... more) {
    return read(NETWORK.formatted(backend, deletionPolicy), "apply", more);
  }

  /** Runs {@code kubectl diff}; exit code 0 means no difference, 1 a difference. */
  private Kubectl.Outcome diff(String backend, String deletionPolicy) {
    return read(NETWORK.formatted(backend, deletionPolicy), "diff", "--force-conflicts");
  }

  private Kubectl.Outcome read(String manifest, String verb, String... more) {
    List<String> words = new ArrayList<>(List.of(verb, "--server-side", "-f", "-"));
    words.addAll(List.of(more));
    return kubectl.runReading(manifest, words.toArray(String[]::new));
  }

  /**
   * Returns what kubectl has applied, and when; an apply that changes nothing does not change this.
   */
  private List<ManagedFieldsEntry> appliedByKubectl() {
    return network.get().getMetadata().getManagedFields().stream()
        .filter(entry -> entry.getManager().equals("kubectl"))
        .toList();
  }
}
