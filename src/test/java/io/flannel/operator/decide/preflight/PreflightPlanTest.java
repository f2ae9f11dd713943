package io.flannel.operator.decide.preflight;

import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.health.ProbePlan;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.preflight.PreflightTask.Peer;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Nodes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PreflightPlanTest {
  private static final DesiredNetwork VXLAN = Networks.vxlan("10.244.0.0/16");
  private static final DesiredNetwork IPIP = Networks.ipip("10.244.0.0/16");

  @Test
  void eachTriesWithEachAtTheAddressesThatFlannelPublished() {
    PreflightPlan plan = plan(IPIP, VXLAN, leased(1), leased(2), leased(3));

    assertThat(plan.leftOut()).isEmpty();
    assertThat(plan.tasks().keySet()).containsExactly("n1", "n2", "n3");
    PreflightTask second = plan.tasks().get("n2");
    assertThat(second.backend()).isEqualTo(BackendType.IPIP);
    assertThat(second.overhead()).isEqualTo(20);
    assertThat(second.addresses()).containsExactly("192.168.0.2");
    assertThat(second.peers())
        .containsExactly(new Peer("n1", "192.168.0.1"), new Peer("n3", "192.168.0.3"));
    assertThat(plan.tasks().values()).extracting(PreflightTask::nonce).containsOnly(second.nonce());
  }

  @Test
  void anotherChangeHasAnotherNonce() {
    List<NodeLease> leases = leases(IPIP, VXLAN, leased(1), leased(2));
    assertThat(nonce(PreflightPlan.of(IPIP, leases, Map.of(), Optional.empty(), "one")))
        .isEqualTo(nonce(PreflightPlan.of(IPIP, leases, Map.of(), Optional.empty(), "one")))
        .isNotEqualTo(nonce(PreflightPlan.of(IPIP, leases, Map.of(), Optional.empty(), "other")));
  }

  @Test
  void nodeThatCannotTryIsLeftOutAndNamed() {
    ClusterNode down = Nodes.like(leased(3)).notReady().get();
    PreflightPlan plan =
        plan(IPIP, VXLAN, leased(1), leased(2), down, node("n4").podCidr("10.244.4.0/24").get());

    assertThat(plan.tasks().keySet()).containsExactly("n1", "n2");
    assertThat(plan.tasks().get("n1").peers()).extracting(Peer::name).containsExactly("n2");
    assertThat(plan.leftOut())
        .containsEntry("n3", "NotReady")
        .containsEntry("n4", "NotRegistered")
        .hasSize(2);
  }

  @Test
  void dualStackNetworkTriesBothFamilies() {
    DesiredNetwork both = Networks.dualStack("10.244.0.0/16", "fd00:10:244::/56");
    ClusterNode[] nodes =
        IntStream.of(1, 2)
            .mapToObj(
                i ->
                    node("n" + i)
                        .podCidr("10.244.%d.0/24".formatted(i), "fd00:10:244:%d::/64".formatted(i))
                        .leased("vxlan", "192.168.0." + i, "fd00:192::" + i)
                        .get())
            .toArray(ClusterNode[]::new);

    assertThat(plan(both, both, nodes).tasks().get("n1").peers())
        .containsExactly(new Peer("n2", "192.168.0.2"), new Peer("n2", "fd00:192::2"));
  }

  @Test
  void beyond64NodesOnlyNeighboursTry() {
    PreflightPlan plan =
        plan(
            IPIP,
            VXLAN,
            IntStream.rangeClosed(1, 65)
                .mapToObj(PreflightPlanTest::leased)
                .toArray(ClusterNode[]::new));

    assertThat(plan.tasks().values())
        .hasSize(65)
        .allSatisfy(task -> assertThat(task.peers()).hasSize(2 * ProbePlan.NEIGHBOURS));
  }

  @Test
  void noNodeAloneAndNoHostGwHasAnythingToTry() {
    assertThat(plan(IPIP, VXLAN, leased(1)).tasks()).isEmpty();
    assertThat(plan(Networks.hostGw("10.244.0.0/16"), VXLAN, leased(1), leased(2)).tasks())
        .isEmpty();
  }

  @Test
  void theVniIsOneThatNoDeviceHas() {
    assertThat(vni(VXLAN, VXLAN)).isEqualTo(0xffffff);
    DesiredNetwork highest =
        Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: {vni: 16777215}}}");
    DesiredNetwork second =
        Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: {vni: 16777214}}}");
    assertThat(vni(highest, VXLAN)).isEqualTo(0xfffffe);
    assertThat(vni(second, highest)).isEqualTo(0xfffffd);
  }

  @Test
  void theHighestPortIsOneToo() {
    for (String backend :
        List.of("vxlan, vxlan: {port: 65535}", "wireguard, wireguard: {port: 65534}")) {
      DesiredNetwork wanted =
          Networks.wanted("{cidr: 10.244.0.0/16, backend: {type: %s}}".formatted(backend));
      PreflightTask task = plan(wanted, VXLAN, leased(1), leased(2)).tasks().get("n1");
      assertThat(task.port(Cidr.Family.IPV6)).isEqualTo(65_535);
    }
  }

  private static int vni(DesiredNetwork wanted, DesiredNetwork live) {
    return plan(wanted, live, leased(1), leased(2)).tasks().get("n1").vni();
  }

  private static String nonce(PreflightPlan plan) {
    return plan.tasks().get("n1").nonce();
  }

  private static ClusterNode leased(int number) {
    return node("n" + number)
        .podCidr("10.244.%d.0/24".formatted(number))
        .leased("vxlan", "192.168.0." + number)
        .get();
  }

  private static PreflightPlan plan(
      DesiredNetwork wanted, DesiredNetwork live, ClusterNode... nodes) {
    return PreflightPlan.of(
        wanted, leases(wanted, live, nodes), Map.of(), Optional.of(live.backend()), "seed");
  }

  private static List<NodeLease> leases(
      DesiredNetwork wanted, DesiredNetwork live, ClusterNode... nodes) {
    return NodeLease.judge(
        wanted, Clusters.cluster(Stream.of(nodes).toList()).running(live).state());
  }
}
