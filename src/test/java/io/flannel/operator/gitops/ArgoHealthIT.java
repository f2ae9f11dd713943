package io.flannel.operator.gitops;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.BackendType;
import io.flannel.operator.testing.cli.Glua;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Runs docs/gitops/argocd-health.lua in Argo CD's own Lua interpreter, on what the operator writes.
 */
class ArgoHealthIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  private TestNetwork network;

  @BeforeEach
  void aNetwork() {
    network = TestNetwork.of(cluster, "default");
  }

  @Test
  void networkThatNobodyHasLookedAtIsProgressing() {
    operator.process().kill();
    network.apply(TestNetwork.IPIP);
    assertThat(health())
        .isEqualTo("Progressing: the operator has not looked at this generation yet");
    operator.process().start().awaitReady();
    network.awaitReady();
    assertThat(health()).startsWith("Healthy: 3 of 3 nodes have a lease");

    operator.process().kill();
    network.apply(TestNetwork.VXLAN);
    assertThat(health()).as("the status is of what was").startsWith("Progressing: ");
    operator.process().start().awaitReady();
  }

  @Test
  void aChangeIsProgressingUntilEveryNodeIsDone() {
    network.apply(TestNetwork.VXLAN).awaitReady();
    network.apply(TestNetwork.IPIP);
    eventually(
        "on its way",
        () ->
            assertThat(health())
                .startsWith("Progressing: ")
                .contains("of 3 nodes run the present configuration"));
    network.awaitReady();
    assertThat(health()).startsWith("Healthy: ");
  }

  @Test
  void networkThatNeedsAPersonIsDegradedInTheOperatorsWords() {
    network.apply(TestNetwork.VXLAN).awaitReady();
    network.apply(TestNetwork.VXLAN.replace("10.244.0.0/16", "10.99.0.0/16"));
    network.awaitRefused("PodCIDROutside");
    assertThat(health()).startsWith("Degraded: ").contains("10.244.1.0/24", "what to do:");

    nodes.agents().block(BackendType.IPIP);
    network.apply(TestNetwork.IPIP);
    eventually(
        "rolled back",
        () -> assertThat(health()).startsWith("Degraded: ").contains("EncapsulationBlocked"));
  }

  @Test
  void tunnelsThatAreIllAreDegraded() {
    network.apply(TestNetwork.IPIP).awaitReady();
    nodes.agents().lose("node-2");
    eventually("ill", () -> assertThat(health()).startsWith("Degraded: ").contains("node-2"));
  }

  @Test
  void aPlanIsSuspendedAndWhatRunsAsItShouldIsHealthy() {
    network.apply(TestNetwork.IPIP).awaitReady();
    network.apply(TestNetwork.IPIP + "paused: true").awaitReady();
    assertThat(health()).startsWith("Healthy: ");
    network.apply(TestNetwork.VXLAN + "paused: true");
    eventually("a plan", () -> assertThat(health()).startsWith("Suspended: spec.paused is set"));
  }

  @Test
  void aDeletionIsProgressing() {
    network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup").awaitReady();
    network.delete();
    assertThat(health()).startsWith("Progressing: it is being deleted");
  }

  private String health() {
    try {
      return Glua.call(
          Files.readString(Path.of("docs/gitops/argocd-health.lua")),
          Serialization.jsonMapper().valueToTree(network.get()));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
