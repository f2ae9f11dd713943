package io.flannel.operator.plugin;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.cli.UserShell;
import io.flannel.operator.testing.cli.UserShell.Answer;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeNodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code kubectl flannel} with the real kubectl, a real API server and the packaged operator.
 * Kubelets are simulated, and so is port forwarding; {@code PluginE2E} has the real one.
 */
class PluginIT {
  private static final String LAST_KNOWN = "This is what the status of FlannelNetwork default says";

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @RegisterExtension final FakeNodes nodes = new FakeNodes(cluster, 3);

  @TempDir Path folder;
  private TestNetwork network;
  private UserShell shell;

  @BeforeAll
  static void aDeployment() {
    cluster.deployment();
  }

  @AfterAll
  static void noDeployment() {
    cluster.client().apps().deployments().inNamespace(TestCluster.SYSTEM).delete();
  }

  @BeforeEach
  void aNetwork() {
    network = TestNetwork.of(cluster, "default");
    shell = UserShell.of(cluster.api()).forwardingTo(operator.process(), folder);
  }

  @Test
  void theOperatorsWordsOfANetworkThatIsWell() throws IOException {
    network.apply(TestNetwork.IPIP).awaitReady();
    says(0, "kubectl flannel status")
        .startsWith("Network   default\nReady     True for ")
        .contains("\nNodes     3 in all, 3 leased, 3 healthy\n", "\nProblems  none\n")
        .doesNotContain(LAST_KNOWN);
    says(0, "kubectl flannel problems").isEqualTo("Nothing is wrong with network default.\n");
    says(0, "kubectl flannel nodes")
        .startsWith("NODE     TUNNEL    REASON")
        .containsPattern("node-2 +Healthy +- +- +10.244.2.0/24 ");
    says(0, "kubectl flannel nodes -o wide --network=default").contains("DEVICE", "flannel.ipip");
    assertThat(
            ProcessHandle.of(
                Long.parseLong(Files.readString(folder.resolve("forward.pid")).strip())))
        .as("the port-forward has ended")
        .isEmpty();
  }

  @Test
  void theOperatorsWordsOfANetworkThatIsIll() {
    network.apply(TestNetwork.IPIP).awaitReady();
    nodes.agents().lose("node-2");
    eventually("a problem", () -> assertThat(network.status().problems()).isNotEmpty());
    says(1, "kubectl flannel status").contains("\nProblems  EncapsulationBlocked: node-2");
    says(1, "kubectl flannel problems")
        .startsWith("EncapsulationBlocked\n  Nodes  node-2\n  Since  ")
        .contains("\n  Do     ", "docs/troubleshooting.md#encapsulationblocked");
    says(1, "kubectl flannel nodes").containsPattern("NODE .*\nnode-2 +Degraded|Down ");
    says(1, "kubectl flannel path node-1 node-2").contains("EncapsulationBlocked");
    // The same when the operator can't be reached.
    UserShell alone = UserShell.of(cluster.api());
    Answer told = alone.run("kubectl flannel problems");
    assertThat(told.code()).isEqualTo(1);
    assertThat(told.said())
        .contains(LAST_KNOWN, "EncapsulationBlocked\n  Nodes  node-2\n", "\n  Do  ");
    assertThat(alone.run("kubectl flannel nodes").said())
        .contains(LAST_KNOWN)
        .containsPattern("node-2 +(Degraded|Down) +EncapsulationBlocked ");
  }

  @Test
  void statusIsToldWithoutAnOperatorAndWhyItIs() {
    network.apply(TestNetwork.IPIP).awaitReady();
    UserShell alone = UserShell.of(cluster.api());
    Answer told = alone.run("kubectl flannel status");
    assertThat(told.code()).isZero();
    assertThat(told.said())
        .contains("no port could be forwarded to the operator's pod flannel-system/operator-1: ")
        .contains(LAST_KNOWN, "Network   default", "Ready     True since ", "Problems  none")
        .contains("Nodes     3 in all, 3 leased, 3 healthy");
    Answer path = alone.run("kubectl flannel path node-1 node-2");
    assertThat(path.code()).isEqualTo(2);
    assertThat(path.said()).contains("no port could be forwarded", "What to do:");
    // The same for a spec that the stopped operator has not seen.
    operator.process().stop();
    try {
      network.apply(TestNetwork.VXLAN);
      assertThat(alone.run("kubectl flannel status").code()).isEqualTo(1);
      assertThat(alone.run("kubectl flannel status").said())
          .contains("no pod of the operator flannel-system/flannel-operator holds its Lease");
    } finally {
      operator.process().start().awaitReady();
    }
  }

  @Test
  void aPathHasItsHops() {
    network.apply(TestNetwork.IPIP).awaitReady();
    says(0, "kubectl flannel path node-1 node-3")
        .startsWith("node-1 -> node-3 by ipip, through the tunnel\n")
        .contains("on node-1\n", "cni0", "flannel.ipip", "between the nodes\n", "on node-3\n");
  }

  @Test
  void questionWithoutAnAnswerSaysWhyAndWhatToDo() {
    says(2, "kubectl flannel status").contains("the cluster has no FlannelNetwork", "What to do:");
    network.apply(TestNetwork.IPIP).awaitReady();
    says(2, "kubectl flannel status --network other")
        .contains("there is no FlannelNetwork other; there is: default");
    says(2, "kubectl flannel path node-1 node-9")
        .isEqualTo(
            "kubectl flannel: node-9 is no node of network default: kubectl flannel nodes shows"
                + " them\n");
    says(2, "kubectl flannel path node-1 node-1").contains("two different nodes");
    says(2, "kubectl flannel path node-1").contains("path needs the names of two nodes");
    says(2, "kubectl flannel path 'a b' node-1").contains("can't be the name of a Node");
    says(2, "kubectl flannel look").contains("there is no verb look");
    says(2, "kubectl flannel status --lout").contains("there is no flag --lout");
    says(2, "kubectl flannel status --network").contains("--network needs a value");
    says(2, "kubectl flannel status -o json").contains("-o wide is");
    says(2, "kubectl flannel status --context=nowhere").contains("the cluster can't be asked: ");
    says(0, "kubectl flannel help").startsWith("kubectl flannel looks at");
    says(0, "kubectl flannel version").contains("operator        0.1.0").contains("flannel-system");
  }

  @Test
  void userWithoutTheRightIsToldWhatIsMissing() throws IOException {
    network.apply(TestNetwork.IPIP).awaitReady();
    UserShell nobody = shell.as(PublishedRights.account(cluster, "nobody"));
    Answer refused = nobody.run("kubectl flannel status");
    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.said())
        .contains("FlannelNetworks can't be read: ", "Forbidden", "docs/kubectl-flannel.md");

    UserShell viewer =
        UserShell.of(cluster.api()).as(PublishedRights.account(cluster, "half-a-viewer"));
    PublishedRights.give(cluster, "half-a-viewer", "ClusterRole");
    Answer half = viewer.run("kubectl flannel status");
    assertThat(half.code()).isZero();
    assertThat(half.said())
        .contains("the operator can't be looked for: ", "deployments.apps is forbidden")
        .contains(LAST_KNOWN, "Ready     True since ");

    PublishedRights.give(cluster, "half-a-viewer", "Role");
    Answer whole = viewer.run("kubectl flannel status -n flannel-system");
    assertThat(whole.code()).isZero();
    assertThat(whole.said())
        .contains("no port could be forwarded to the operator's pod flannel-system/operator-1: ")
        .contains("What to do: have viewer.enabled=true set in the operator's chart")
        .contains(LAST_KNOWN, "Ready     True since ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sh", "bash", "bash --posix", "busybox sh"})
  void everyShellTellsTheSame(String program) {
    network.apply(TestNetwork.IPIP).awaitReady();
    says(0, program + " kubectl-plugin/kubectl-flannel nodes").contains("node-3", "Healthy");
    says(0, program + " kubectl-plugin/kubectl-flannel --network default problems")
        .isEqualTo("Nothing is wrong with network default.\n");
  }

  @Test
  void aSignalEndsThePortForwardToo() throws Exception {
    network.apply(TestNetwork.IPIP).awaitReady();
    UserShell waiting = UserShell.of(cluster.api()).forwardingNowhere(folder);
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Process plugin =
        waiting.start("TMPDIR=%s exec kubectl-plugin/kubectl-flannel status".formatted(temporary));
    eventually(
        "the port-forward", () -> assertThat(Files.exists(folder.resolve("forward.pid"))).isTrue());
    long forward = Long.parseLong(Files.readString(folder.resolve("forward.pid")).strip());
    plugin.destroy();
    assertThat(plugin.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(plugin.exitValue()).isEqualTo(143);
    assertThat(ProcessHandle.of(forward)).isEmpty();
    try (var left = Files.list(temporary)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void completion() {
    network.apply(TestNetwork.IPIP).awaitReady();
    says(0, "kubectl __complete flannel pa").contains("path\t").doesNotContain("status\t");
    says(0, "kubectl __complete flannel path node-1 ''").contains("node-2\n", ":4");
    says(0, "kubectl __complete flannel status --network ''").contains("default\n");
    says(0, "kubectl __complete flannel nodes -o ''").contains("wide\n");
  }

  private AbstractStringAssert<?> says(int code, String command) {
    Answer answer = shell.run(command);
    assertThat(answer.code()).as("%s%n%s", command, answer.said()).isEqualTo(code);
    return assertThat(answer.said()).as(command);
  }
}
