package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;

/** Checks whether flannel is installed, for a network where another flannel may exist. */
record Installation(TestCluster cluster, RunningOperator operator, TestNetwork network) {
  /** What users run when no other flannel is left. */
  static final String CONFIRM =
      "kubectl annotate fnet default flannel.io/confirm-no-other-flannel=true";

  /** Installs flannel on two nodes. */
  void install() {
    cluster.nodes(2);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.IPIP).awaitReady();
    }
  }

  void awaitInstalled() {
    eventually("accepted", () -> assertThat(network.conditions()).startsWith("Accepted=T"));
    eventually("flannel", () -> assertThat(Rendered.in(cluster).daemonSet().get()).isNotNull());
  }

  /** Causes a loss, and waits until the operator recreates the DaemonSet. */
  void putsItBack(Runnable loss) {
    String before = Rendered.in(cluster).liveDaemonSet().getMetadata().getUid();
    loss.run();
    eventually(
        "put back",
        () -> {
          assertThat(network.conditions()).startsWith("Accepted=T");
          assertThat(Rendered.in(cluster).daemonSet().get())
              .isNotNull()
              .satisfies(now -> assertThat(now.getMetadata().getUid()).isNotEqualTo(before));
        });
    assertThat(network.eventReasons()).doesNotContain("ForeignFlannel");
  }

  /** Asserts that the operator reconciled again and only wrote status and Events. */
  void nothingIsWrittenSince(AuditLog.Mark mark) {
    operator.process().awaitPassAfter(() -> network.poke("look again"));
    assertThat(cluster.writes(mark))
        .extracting(AuditLog.Request::resource)
        .containsOnly("flannelnetworks/status", "events");
    assertThat(cluster.client().resources(FlannelNode.class).list().getItems()).isEmpty();
  }
}
