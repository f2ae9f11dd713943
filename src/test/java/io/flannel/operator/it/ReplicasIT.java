package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.report.metrics.ExposedSeries;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import io.flannel.operator.testing.operator.OperatorProcess;
import java.io.IOException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Of two replicas, one acts; the other is ready and takes over when the first is gone. */
class ReplicasIT {
  private static final DateTimeFormatter MICRO_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'");

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @Test
  void theOtherTakesOverFromOneThatIsKilledAndFromOneThatIsStopped() throws Exception {
    cluster.nodes(2);
    var network = TestNetwork.of(cluster, "default");
    var rendered = Rendered.in(cluster);
    try (var first = replica("first").start().awaitReady();
        var second = replica("second");
        var kubelets = FakeKubelets.on(cluster)) {
      awaitLeader("first");
      second.start().awaitReady();
      network.apply(TestNetwork.IPIP).awaitReady();
      var contents = rendered.contents();
      assertThat(second.logged()).doesNotContain("applied");
      assertThat(second.get("/q/health/live").statusCode()).isEqualTo(200);
      assertThat(ExposedSeries.in(second.get("/q/metrics").body()))
          .extracting(ExposedSeries::name)
          .contains("flannel_reconcile_duration_seconds_count")
          .doesNotContain("flannel_network_condition");

      first.kill();
      rendered.daemonSet().delete();
      awaitLeader("second");
      eventually("repaired", () -> assertThat(rendered.contents()).isEqualTo(contents));
      network.awaitReady();

      first.start().awaitReady();
      assertThat(second.stop()).isIn(0, 143);
      rendered.clusterRole().delete();
      awaitLeader("first");
      eventually("repaired again", () -> assertThat(rendered.contents()).isEqualTo(contents));

      assertThat(first.stackTraces()).isEmpty();
      assertThat(second.stackTraces()).isEmpty();
    }
  }

  @Test
  void aStoppedLeaderLeavesNoRunningPassBehind() throws IOException {
    cluster.nodes(1);
    try (var operator = replica("only").start().awaitReady()) {
      TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP);
      eventually("flannel", () -> assertThat(Rendered.in(cluster).objects()).hasSize(6));
      assertThat(operator.stop()).isIn(0, 143);
      assertThat(operator.stackTraces()).isEmpty();
      assertThat(operator.logged()).doesNotContain(" ERROR ");
      assertThat(holder()).as("the Lease is given back").isNullOrEmpty();
    }
  }

  @Test
  void aLeaderThatHasLostItsLeaseEndsItselfBeforeAnotherActs() throws IOException {
    cluster.nodes(1);
    try (var operator = replica("loser").start().awaitReady()) {
      awaitLeader("loser");
      // Without a resourceVersion: the leader renews the Lease meanwhile.
      lease()
          .patch(
              PatchContext.of(PatchType.JSON_MERGE),
              """
              {"spec": {"holderIdentity": "another", "leaseDurationSeconds": 600, "renewTime": "%s"}}
              """
                  .formatted(MICRO_TIME.format(ZonedDateTime.now(ZoneOffset.UTC))));
      eventually("its end", () -> assertThat(operator.isAlive()).isFalse());
      assertThat(operator.logged()).contains("has lost the Lease by which it acts");
      assertThat(holder()).isEqualTo("another");
    } finally {
      lease().delete();
    }
  }

  private static OperatorProcess replica(String name) {
    return cluster.operator().environment("POD_NAME", name);
  }

  private static void awaitLeader(String name) {
    eventually(name + " leads", () -> assertThat(holder()).isEqualTo(name));
  }

  private static String holder() {
    return lease().get().getSpec().getHolderIdentity();
  }

  private static Resource<Lease> lease() {
    return cluster.client().leases().inNamespace("flannel-system").withName("flannel-operator");
  }
}
