package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.networking.v1.ServiceCIDRBuilder;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.testing.apiserver.ApiServer;
import io.flannel.operator.testing.apiserver.AuditLog;
import io.flannel.operator.testing.apiserver.TestNode;
import io.flannel.operator.testing.cluster.Rendered;
import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A network that does not fit the cluster is refused: nothing is written, and it continues by
 * itself once it fits.
 */
class RefusalIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @Test
  void aRangeOfTheServices() {
    cluster.nodes(1);
    var mark = cluster.api().audit().mark();
    var network =
        TestNetwork.of(cluster, "default").apply("cidr: 10.96.0.0/12\nbackend: {type: vxlan}");
    network.awaitRefused(
        "OverlapsServiceRange", "10.96.0.0/12", ApiServer.SERVICE_RANGE, "'kubernetes'");
    nothingIsWrittenSince(mark, network);
  }

  @Test
  void aRangeOfMoreServicesUntilItIsGone() {
    cluster.nodes(1);
    var more =
        cluster
            .client()
            .resource(
                new ServiceCIDRBuilder()
                    .withNewMetadata()
                    .withName("more")
                    .endMetadata()
                    .withNewSpec()
                    .withCidrs("10.244.128.0/20")
                    .endSpec()
                    .build());
    more.create();
    try {
      var mark = cluster.api().audit().mark();
      var network = TestNetwork.of(cluster, "default").apply(TestNetwork.VXLAN);
      network.awaitRefused("OverlapsServiceRange", "10.244.128.0/20", "'more'");
      nothingIsWrittenSince(mark, network);
      more.delete();
      awaitAccepted(network);
    } finally {
      more.delete();
    }
  }

  @Test
  void aRangeThatHoldsANodesAddress() {
    TestNode.named("node-1")
        .podCidrs("10.244.1.0/24")
        .internalIp("10.244.7.7")
        .create(cluster.client());
    var mark = cluster.api().audit().mark();
    var network = TestNetwork.of(cluster, "default").apply(TestNetwork.VXLAN);
    network.awaitRefused("OverlapsNodeAddress", "10.244.7.7", "node-1");
    nothingIsWrittenSince(mark, network);
    TestCluster.node(1).update(cluster.client());
    awaitAccepted(network);
  }

  @Test
  void podCidrsOutsideTheRange() {
    TestNode.named("node-1")
        .podCidrs("10.42.0.0/24")
        .internalIp("192.168.0.1")
        .create(cluster.client());
    var mark = cluster.api().audit().mark();
    var network = TestNetwork.of(cluster, "default").apply(TestNetwork.VXLAN);
    network.awaitRefused("PodCIDROutside", "node-1", "10.42.0.0/24", "10.244.0.0/16");
    nothingIsWrittenSince(mark, network);
    cluster.client().nodes().withName("node-1").delete();
    TestCluster.node(1).create(cluster.client());
    awaitAccepted(network);
  }

  @Test
  void aRangeThatWouldStrandNodesThatRun() {
    cluster.nodes(2);
    var network = TestNetwork.of(cluster, "default");
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.VXLAN).awaitReady();
    }
    var rendered = Rendered.in(cluster);
    var before = rendered.resourceVersions();
    network.apply("cidr: 10.250.0.0/16\nbackend: {type: vxlan}");
    network.awaitRefused("PodCIDROutside", "node-1 and node-2", "10.250.0.0/16");
    assertThat(rendered.resourceVersions()).isEqualTo(before);
    assertThat(network.status().applied().cidr()).as("in force").isEqualTo("10.244.0.0/16");

    // While the spec is refused, what is in force is neither guarded against drift nor undone.
    network.apply(TestNetwork.VXLAN).awaitReady();
    assertThat(rendered.resourceVersions()).isEqualTo(before);
  }

  @Test
  void aNodeWithoutIpv4() {
    TestNode.named("node-1")
        .podCidrs("10.244.1.0/24")
        .internalIp("fd00:192::1")
        .create(cluster.client());
    var mark = cluster.api().audit().mark();
    var network = TestNetwork.of(cluster, "default").apply(TestNetwork.IPIP);
    network.awaitRefused("NodeWithoutIPv4", "node-1", "fd00:192::1", "ipip carries IPv4 only");
    nothingIsWrittenSince(mark, network);
    TestCluster.node(1).update(cluster.client());
    awaitAccepted(network);
  }

  @Test
  void aSecondNetworkUntilTheFirstIsDeleted() {
    cluster.nodes(1);
    var first = TestNetwork.of(cluster, "first").apply(TestNetwork.IPIP);
    awaitAccepted(first);
    eventually(
        "its FlannelNode",
        () ->
            assertThat(cluster.client().resources(FlannelNode.class).list().getItems()).hasSize(1));
    var mark = cluster.api().audit().mark();
    var second = TestNetwork.of(cluster, "second").apply(TestNetwork.VXLAN);
    second.awaitRefused("AnotherNetworkInCharge", "'first'");
    nothingIsWrittenSince(mark, second);
    assertThat(second.status().summary()).as("it has no part in the cluster's").isNull();
    assertThat(first.conditions()).startsWith("Accepted=T");

    first.delete();
    awaitAccepted(second);
    eventually(
        "the second one's backend",
        () ->
            assertThat(Rendered.in(cluster).configMap().get().getData().get("net-conf.json"))
                .contains("vxlan"));
  }

  private static void awaitAccepted(TestNetwork network) {
    network.awaitConditions("Accepted=T Ready=F Reconciling=T Stalled=F");
    eventually("flannel", () -> assertThat(Rendered.in(cluster).objects()).hasSizeGreaterThan(5));
    assertThat(network.events()).filteredOn(event -> event.startsWith("Accepted: ")).hasSize(1);
  }

  private static void nothingIsWrittenSince(AuditLog.Mark mark, TestNetwork network) {
    operator.process().awaitPassAfter(() -> network.poke("look again"));
    assertThat(cluster.writes(mark))
        .extracting(AuditLog.Request::resource)
        .containsOnly("flannelnetworks/status", "events");
    assertThat(network.events()).isNotEmpty().doesNotHaveDuplicates();
  }
}
