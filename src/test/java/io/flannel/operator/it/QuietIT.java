package io.flannel.operator.it;

import static io.flannel.operator.testing.cluster.TestCluster.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.testing.cluster.RunningOperator;
import io.flannel.operator.testing.cluster.TestCluster;
import io.flannel.operator.testing.cluster.TestNetwork;
import io.flannel.operator.testing.fakes.FakeKubelets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** When nothing has to be done, nothing is written. */
class QuietIT {
  @RegisterExtension static final TestCluster cluster = new TestCluster();

  @RegisterExtension static final RunningOperator operator = new RunningOperator(cluster);

  @Test
  void aRestartedOperatorWritesNothing() {
    cluster.nodes(3);
    var network = TestNetwork.of(cluster, "default");
    try (var kubelets = FakeKubelets.on(cluster)) {
      network.apply(TestNetwork.VXLAN).awaitReady();
    }
    operator.process().awaitPassAfter(() -> network.poke("converged"));
    var mark = cluster.api().audit().mark();
    var requests = cluster.api().requests();

    operator.process().restart();
    eventually(
        "its first pass",
        () -> assertThat(operator.process().metric("flannel_network_condition")).isPositive());
    operator.process().awaitPassAfter(() -> network.poke("restarted"));
    aHeartbeatOf("node-1");
    operator.process().awaitPassAfter(() -> network.poke("after the heartbeat"));

    assertThat(cluster.writes(mark)).isEmpty();
    assertThat(cluster.api().audit().since(mark))
        .as("it did watch")
        .anyMatch(
            request ->
                request.user().equals(TestCluster.OPERATOR) && request.resource().equals("nodes"));
    var since = cluster.api().requests().since(requests);
    assertThat(since.count(kind -> kind.isWrite() && kind.resource().equals("flannelnetworks")))
        .as("two pokes, each of them twice, and nothing else")
        .isEqualTo(4);
    assertThat(
            since.count(
                kind ->
                    kind.isWrite()
                        && List.of(
                                "namespaces",
                                "serviceaccounts",
                                "configmaps",
                                "clusterroles",
                                "clusterrolebindings",
                                "daemonsets",
                                "events")
                            .contains(kind.resource())))
        .isZero();
  }

  @Test
  void everyBackendAndOptionIsQuietOnceWritten() {
    for (String spec :
        List.of(
            "cidr: 10.244.0.0/16\nbackend: {type: host-gw}",
            "cidr: 10.244.0.0/16\nbackend: {type: ipip, directRouting: true}\nmtu: 1400\nipMasq: false",
            "cidr: 10.244.0.0/16\nipv6CIDR: fd00:10:244::/56\nnftables: true\n"
                + "backend: {type: vxlan, vxlan: {vni: 7, port: 4789, gbp: true}}",
            "cidr: 10.244.0.0/16\nbackend: {type: wireguard, wireguard: {pskSecret: {name: psk}}}",
            """
            cidr: 10.244.0.0/16
            backend: {type: vxlan}
            interface: {name: eth1}
            rollout: {maxUnavailable: 25%}
            flannel:
              resources: {requests: {cpu: "0.1", memory: 0.05Gi}, limits: {memory: 100000Ki}}
              tolerations: [{operator: Exists}, {key: k, value: v, effect: NoExecute, tolerationSeconds: 60}]
              nodeSelector: {pool: a}
              extraArgs: ["-v=2"]
            """)) {
      var network = TestNetwork.of(cluster, "default").apply(spec);
      network.awaitConditions("Accepted=T Ready=F Reconciling=F Stalled=F");
      operator.process().awaitPassAfter(() -> network.poke("written"));
      var mark = cluster.api().audit().mark();
      operator.process().awaitPassAfter(() -> network.poke("looked at again"));
      assertThat(cluster.writes(mark)).as(spec).isEmpty();
    }
  }

  /** Simulates a kubelet's update of irrelevant fields: a heartbeat time, an image. */
  private static void aHeartbeatOf(String name) {
    cluster
        .client()
        .nodes()
        .withName(name)
        .editStatus(
            node -> {
              node.getStatus()
                  .getConditions()
                  .getFirst()
                  .setLastHeartbeatTime("2026-11-23T00:00:00Z");
              node.getStatus()
                  .setImages(
                      List.of(
                          new io.fabric8.kubernetes.api.model.ContainerImage(
                              List.of("example.org/image:1"), 1L)));
              return node;
            });
  }
}
