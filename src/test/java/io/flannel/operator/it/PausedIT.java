package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** With spec.paused, only the status is written. */
class PausedIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @Test
  void driftAndChangesWaitUntilItIsTakenOff() {
    cluster.nodes(2);
    var network = TestNetwork.of(cluster, "default");
    var rendered = Rendered.in(cluster);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.IPIP).awaitReady();
      var before = rendered.contents();

      network.apply(TestNetwork.IPIP + "paused: true").awaitReady();
      var mark = cluster.api().audit().mark();
      rendered.clusterRole().delete();
      operator.process().awaitPassAfter(() -> network.poke("drifted"));
      assertThat(rendered.clusterRole().get()).isNull();
      assertThat(cluster.writes(mark)).isEmpty();

      network.apply(TestNetwork.VXLAN + "paused: true\ndeletionPolicy: Cleanup");
      network.awaitConditions("Accepted=T Ready=F Reconciling=F Stalled=F");
      assertThat(network.condition("Ready").orElseThrow().reason()).isEqualTo("Paused");
      assertThat(network.condition("Ready").orElseThrow().message()).contains("spec.paused is set");
      assertThat(network.status().applied().backend()).as("in force").hasToString("IPIP");
      assertThat(cluster.writes(mark))
          .extracting(AuditLog.Request::resource)
          .containsOnly("flannelnetworks/status", "flannelnetworks", "events");
      assertThat(network.get().getMetadata().getFinalizers())
          .as("all that was written of the object itself")
          .containsExactly("flannel.io/cleanup");

      network.apply(TestNetwork.IPIP).awaitReady();
      eventually("repaired", () -> assertThat(rendered.contents()).isEqualTo(before));
    }
  }

  @Test
  void aNewNetworkThatIsPausedIsJudgedAndNotWritten() {
    cluster.nodes(1);
    var mark = cluster.api().audit().mark();
    var network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP + "paused: true");
    network.awaitConditions("Accepted=T Ready=F Reconciling=F Stalled=F");
    assertThat(network.status().summary().nodes()).isEqualTo(1);
    assertThat(cluster.writes(mark))
        .extracting(AuditLog.Request::resource)
        .containsOnly("flannelnetworks/status", "events");
    network.apply(TestNetwork.IPIP);
    eventually("flannel", () -> assertThat(Rendered.in(cluster).objects()).hasSize(6));
  }
}
