package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.flannel.operator.api.FlannelNetworkStatus.Change;
import io.flannel.operator.api.FlannelNetworkStatus.Change.Impact;
import io.flannel.operator.api.FlannelNetworkStatus.Difference;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A change is judged against the live state before anything is written, and the status has its
 * impact.
 */
class ChangeImpactIT {
  private static final String WIREGUARD =
      """
      cidr: 10.244.0.0/16
      backend: {type: wireguard}
      health: {interval: 1s, failAfter: 2}
      """;

  private static final String ALLOW = "rollout: {disruption: Allow, maxUnavailable: 3}";

  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @Test
  void aDisruptiveChangeIsRefusedThenAllowedAndThrough() {
    cluster.nodes(3);
    var network = TestNetwork.of(cluster, "default");
    var rendered = Rendered.in(cluster);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.VXLAN).awaitReady();
      assertThat(network.status().change()).as("nothing to do").isNull();
      var before = rendered.contents();

      var mark = cluster.api().audit().mark();
      network.apply(WIREGUARD);
      network.awaitRefused(
          "DisruptiveChange",
          "backend.type: vxlan -> wireguard",
          "for up to about 45s in all, on nodes node-1, node-2 and node-3",
          "spec.rollout.disruption to Allow");
      onlyTheStatusIsWrittenSince(mark, network);
      assertThat(rendered.contents()).isEqualTo(before);
      assertThat(network.status().applied().backend()).as("in force").hasToString("VXLAN");
      assertThat(change(network).impact()).isEqualTo(Impact.DISRUPTIVE);
      assertThat(change(network).differences())
          .containsExactly(new Difference("backend.type", "vxlan", "wireguard"));

      network.apply(WIREGUARD + ALLOW).awaitReady();
      assertThat(network.status().applied().backend()).hasToString("WIREGUARD");
      assertThat(network.status().nodes()).allMatch(node -> node.backend().equals("wireguard"));
      assertThat(network.status().change()).isNull();

      network.apply(WIREGUARD).awaitReady();
      assertThat(network.status().change()).as("not in hindsight").isNull();
    }
  }

  @Test
  void aPausedChangeIsAPlanToRead() {
    cluster.nodes(2);
    var network = TestNetwork.of(cluster, "default");
    var rendered = Rendered.in(cluster);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.IPIP).awaitReady();
      Map<String, String> before = rendered.contents();
      var mark = cluster.api().audit().mark();

      network.apply(TestNetwork.VXLAN + "paused: true\nflannel: {image: \"example.org/f:v9\"}");
      network.awaitConditions("Accepted=T Ready=F Reconciling=F Stalled=F");
      assertThat(change(network).impact()).isEqualTo(Impact.LIVE);
      assertThat(change(network).differences())
          .extracting(Difference::field, Difference::from, Difference::to)
          .contains(
              tuple("backend.type", "ipip", "vxlan"),
              tuple("flannel.image", "ghcr.io/flannel-io/flannel:v0.28.10", "example.org/f:v9"))
          .hasSize(2);
      assertThat(change(network).message())
          .contains("cuts nothing", "pods' MTU becomes smaller", "Restart them");

      network.apply(TestNetwork.IPIP + "paused: true\nnftables: true");
      network.awaitRefused("DisruptiveChange", "nftables: false -> true", "masqueraded");
      assertThat(change(network).impact()).isEqualTo(Impact.DISRUPTIVE);
      onlyTheStatusIsWrittenSince(mark, network);
      assertThat(rendered.contents()).isEqualTo(before);

      network.apply(TestNetwork.IPIP).awaitReady();
      assertThat(network.status().change()).isNull();
    }
  }

  @Test
  void aRangeThatStrandsALeaseLeavesWhatRuns() {
    cluster.nodes(2);
    var network = TestNetwork.of(cluster, "default");
    var rendered = Rendered.in(cluster);
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.VXLAN).awaitReady();
      var before = rendered.contents();
      var mark = cluster.api().audit().mark();

      network.apply(TestNetwork.VXLAN.replace("/16", "/23") + ALLOW);
      network.awaitRefused("PodCIDROutside", "node-2", "10.244.0.0/23");
      assertThat(change(network).impact()).isEqualTo(Impact.REFUSED);
      assertThat(change(network).message()).contains("node-2", "what to do:");
      onlyTheStatusIsWrittenSince(mark, network);
      assertThat(rendered.contents()).isEqualTo(before);

      network.apply("cidr: 10.244.0.0/20\nbackend: {type: vxlan}").awaitReady();
      assertThat(network.status().applied().cidr()).isEqualTo("10.244.0.0/20");
      assertThat(network.status().change()).isNull();
    }
  }

  @Test
  void kubectlExplainsIt() {
    assertThat(cluster.api().kubectl("explain", "flannelnetworks.status.change"))
        .contains("impact", "enum: Disruptive, Live, Refused", "differences", "message");
  }

  private static Change change(TestNetwork network) {
    eventually("a change", () -> assertThat(network.status().change()).isNotNull());
    return Objects.requireNonNull(network.status().change());
  }

  private static void onlyTheStatusIsWrittenSince(AuditLog.Mark mark, TestNetwork network) {
    operator.process().awaitPassAfter(() -> network.poke("look again"));
    assertThat(cluster.writes(mark))
        .extracting(AuditLog.Request::resource)
        .containsOnly("flannelnetworks/status", "events");
  }
}
