package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.fabric8.kubernetes.api.model.rbac.SubjectBuilder;
import io.flannel.operator.testing.apiserver.WriteBreaker;
import io.flannel.operator.testing.apiserver.WriteBreaker.When;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.cluster.UpstreamFlannel;
import io.flannel.operator.testing.fakes.FakeKubelets;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What somebody writes while the operator's own write is in flight is not undone by it. */
class OvertakenWriteIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();
  static WriteBreaker proxy;
  static OperatorProcess operator;

  private final TestNetwork network = TestNetwork.of(cluster, "default");

  @BeforeAll
  static void start() {
    proxy = WriteBreaker.to(cluster.api());
    operator = cluster.operator(proxy).start().awaitReady();
  }

  @AfterAll
  static void stop() {
    operator.close();
    proxy.close();
  }

  @Test
  void theRightsOfAFlannelThatComesMeanwhileStay() {
    cluster.nodes(1);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.IPIP).awaitReady();
    }
    proxy.arm(
        write -> write.path().contains("/clusterrolebindings/flannel"),
        1,
        When.LATER,
        () -> UpstreamFlannel.in(cluster).installForeign("talos"));
    cluster
        .client()
        .rbac()
        .clusterRoleBindings()
        .withName("flannel")
        .edit(OvertakenWriteIT::withoutOurs);
    eventually("the write was overtaken", () -> assertThat(proxy.fired()).isNotNull());
    eventually(
        "both have flannel's rights",
        () -> assertThat(subjects()).containsExactly("kube-flannel", "kube-system"));
    operator.awaitPassAfter(() -> network.poke("look again"));
    assertThat(subjects()).containsExactly("kube-flannel", "kube-system");
  }

  private static ClusterRoleBinding withoutOurs(ClusterRoleBinding binding) {
    binding.setSubjects(
        List.of(
            new SubjectBuilder()
                .withApiGroup("rbac.authorization.k8s.io")
                .withKind("Group")
                .withName("nobody")
                .build()));
    return binding;
  }

  private static List<String> subjects() {
    return cluster
        .client()
        .rbac()
        .clusterRoleBindings()
        .withName("flannel")
        .get()
        .getSubjects()
        .stream()
        .map(Subject::getNamespace)
        .sorted()
        .toList();
  }
}
