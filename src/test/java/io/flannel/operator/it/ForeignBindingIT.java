package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeTaskPods;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The ClusterRoleBinding of another flannel: its subjects may belong to a running flannel, until
 * they no longer exist or an administrator confirms that none runs.
 */
class ForeignBindingIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  private static final FakeTaskPods STEPS = new FakeTaskPods(cluster.client());

  private final TestNetwork network = TestNetwork.of(cluster, "default");
  private final Accounts accounts = Accounts.in(cluster);
  private final Installation flannel = new Installation(cluster, operator, network);

  @AfterEach
  void accountsAreGone() {
    cluster
        .client()
        .pods()
        .inNamespace("kube-system")
        .withName("canal")
        .withGracePeriod(0)
        .delete();
    cluster.client().serviceAccounts().inNamespace("kube-system").withName("canal").delete();
  }

  @Test
  void theBindingOfAFlannelThatIsGoneIsNoObstacleOnceItsAccountIsGoneOrItIsConfirmed() {
    cluster.nodes(1);
    ServiceAccount account = accounts.create("kube-system", "flannel");
    accounts.bind("kube-system", "flannel");
    var mark = cluster.api().audit().mark();
    network
        .apply(TestNetwork.IPIP)
        .awaitRefused("ForeignFlannel", "kube-system/flannel", Installation.CONFIRM);
    flannel.nothingIsWrittenSince(mark);
    cluster.client().resource(account).delete();
    flannel.awaitInstalled();
    assertThat(Rendered.in(cluster).subjects()).containsExactly("kube-flannel/flannel");
  }

  @Test
  void soItIsWithAnAccountOfAnotherName() {
    cluster.nodes(1);
    ServiceAccount account = accounts.create("kube-system", "canal");
    accounts.bind("kube-system", "canal");
    var mark = cluster.api().audit().mark();
    network.apply(TestNetwork.IPIP).awaitRefused("ForeignFlannel", "kube-system/canal");
    flannel.nothingIsWrittenSince(mark);
    assertThat(Rendered.in(cluster).subjects()).containsExactly("kube-system/canal");
    cluster.client().resource(account).delete();
    network.poke("nobody tells that an account of that name is gone");
    flannel.awaitInstalled();
  }

  @Test
  void aUserOfTheBindingIsConfirmedToBeLeftOver() {
    cluster.nodes(1);
    cluster.client().resource(Accounts.bound(user("flannel"))).create();
    var mark = cluster.api().audit().mark();
    network
        .apply(TestNetwork.IPIP)
        .awaitRefused("ForeignFlannel", "User flannel", Installation.CONFIRM);
    flannel.nothingIsWrittenSince(mark);
    network.confirmNoOtherFlannel();
    flannel.awaitInstalled();
    assertThat(Rendered.in(cluster).subjects()).containsExactly("kube-flannel/flannel");
  }

  /** The API server accepts any text as the name of a user. */
  @Test
  void subjectsThatNobodyCanBeStopNoPass() {
    cluster.nodes(1);
    cluster
        .client()
        .resource(Accounts.bound(user("system:serviceaccount::"), user("system:serviceaccount::x")))
        .create();
    network.apply(TestNetwork.IPIP);
    network.awaitRefused("ForeignFlannel", "User system:serviceaccount::", Installation.CONFIRM);
    network.confirmNoOtherFlannel();
    flannel.awaitInstalled();
    assertThat(Rendered.in(cluster).subjects()).containsExactly("kube-flannel/flannel");
    assertThat(operator.process().stackTraces()).isEmpty();
  }

  /** Such as left by a flannel whose ClusterRole had another name. */
  @Test
  void aBindingOfAnotherRoleIsToldBeforeAnythingIsWritten() {
    cluster.nodes(1);
    var binding = Accounts.bound();
    binding.getRoleRef().setName("kube-flannel");
    cluster.client().resource(binding).create();
    var mark = cluster.api().audit().mark();
    network
        .apply(TestNetwork.IPIP)
        .awaitRefused(
            "ForeignFlannel",
            "ClusterRole kube-flannel",
            "kubectl delete clusterrolebinding flannel");
    flannel.nothingIsWrittenSince(mark);
    cluster.client().resource(binding).delete();
    flannel.awaitInstalled();
  }

  @Test
  void fewOfManySubjectsAreAskedFor() {
    cluster.nodes(1);
    cluster
        .client()
        .resource(
            Accounts.bound(
                IntStream.range(0, 5_000)
                    .mapToObj(
                        i -> new Subject(null, "ServiceAccount", "account-" + i, "kube-system"))
                    .toArray(Subject[]::new)))
        .create();
    // A watch may take long to deliver so large an object; an operator that starts lists it.
    operator.process().restart();
    network.apply(TestNetwork.IPIP).awaitRefused("ForeignFlannel", "ClusterRoleBinding flannel");
    var mark = cluster.api().audit().mark();
    operator.process().awaitPassAfter(() -> network.poke("look again"));
    assertThat(cluster.api().audit().since(mark))
        .filteredOn(request -> request.resource().equals("serviceaccounts"))
        .filteredOn(request -> request.name().startsWith("account-"))
        .hasSizeBetween(1, 1_000);
  }

  /** Such as a flannel without a DaemonSet, which came while the network was in force. */
  @Test
  void anotherAccountKeepsItsRightsWhenTheNetworkGoes() {
    aNetworkGoesBeside(
        () -> {
          accounts.create("kube-system", "canal");
          accounts.pod("kube-system", "canal");
        });
    assertThat(Rendered.in(cluster).names())
        .contains("ClusterRole flannel", "ClusterRoleBinding flannel")
        .doesNotContain("ServiceAccount flannel");
    assertThat(Rendered.in(cluster).subjects()).contains("kube-system/canal");
    assertThat(String.valueOf(binding().get().getMetadata().getLabels()))
        .doesNotContain("flannel.io/network");
  }

  /** Such as one that a flannel had which was taken over. */
  @Test
  void anAccountWithoutPodsKeepsNothing() {
    aNetworkGoesBeside(() -> accounts.create("kube-system", "canal"));
    assertThat(Rendered.in(cluster).names())
        .doesNotContain("ClusterRole flannel", "ClusterRoleBinding flannel");
  }

  /** Deletes a network in force, with a cleanup, after canal's account came into the binding. */
  private void aNetworkGoesBeside(Runnable canal) {
    flannel.install();
    network.apply(TestNetwork.IPIP + "deletionPolicy: Cleanup");
    eventually(
        "the finalizer",
        () -> assertThat(network.get().getMetadata().getFinalizers()).isNotEmpty());
    canal.run();
    binding()
        .edit(
            live ->
                live.edit()
                    .addToSubjects(new Subject(null, "ServiceAccount", "canal", "kube-system"))
                    .build());
    network.delete();
    eventually(
        "the network is gone",
        () -> {
          STEPS.endAll();
          assertThat(network.exists()).isFalse();
        });
  }

  private static Resource<ClusterRoleBinding> binding() {
    return cluster.client().rbac().clusterRoleBindings().withName("flannel");
  }

  private static Subject user(String name) {
    return new Subject("rbac.authorization.k8s.io", "User", name, null);
  }
}
