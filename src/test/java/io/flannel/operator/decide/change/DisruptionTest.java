package io.flannel.operator.decide.change;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.decide.change.ChangeScenario.judge;
import static io.flannel.operator.decide.change.ChangeScenario.leased;
import static io.flannel.operator.decide.change.ChangeScenario.running;
import static io.flannel.operator.flannel.Networks.ipip;
import static io.flannel.operator.flannel.Networks.vxlan;
import static io.flannel.operator.flannel.Networks.wanted;
import static io.flannel.operator.flannel.Nodes.node;
import static io.flannel.operator.flannel.live.FlannelPodBuilder.podOn;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a change cuts, for how long, and on which nodes. */
class DisruptionTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          type: vxlan | type: wireguard | backend.type: vxlan -> wireguard | not encrypted
          type: wireguard | type: ipip | backend.type: wireguard -> ipip | for up to about 45s in all, on nodes n1, n2 and n3
          type: wireguard | type: host-gw | backend.type: wireguard -> host-gw | carry nothing to each other
          type: vxlan | type: vxlan, vxlan: {vni: 2} | backend.vxlan.vni: 1 -> 2 | until the other has
          type: vxlan | type: vxlan, vxlan: {port: 4789} | backend.vxlan.port: 8472 -> 4789 | for up to about 45s
          type: vxlan | type: vxlan, vxlan: {gbp: true} | backend.vxlan.gbp: false -> true | for about 2s on each of nodes n1, n2 and n3
          type: wireguard | type: wireguard, wireguard: {port: 51900} | backend.wireguard.port: 51820 -> 51900 | for about 15s on each of nodes n1, n2 and n3
          type: wireguard | type: wireguard, wireguard: {keepaliveSeconds: 0} | backend.wireguard.keepaliveSeconds: 25 -> 0 | for about 15s
          type: wireguard, wireguard: {pskSecret: {name: a}} | type: wireguard, wireguard: {pskSecret: {name: b}} | backend.wireguard.pskSecret: a/psk -> b/psk | pre-shared keys
          type: wireguard | type: wireguard, wireguard: {pskSecret: {name: b}} | backend.wireguard.pskSecret: not set -> b/psk | pre-shared keys
          """)
  void whatTakesTheOldWayAwayIsDisruptive(
      String live, String next, String difference, String says) {
    ChangeImpact change = judge("backend: {" + live + "}", "backend: {" + next + "}");
    assertThat(change).isInstanceOf(ChangeImpact.Disruptive.class);
    assertThat(change.differences().getFirst()).hasToString(difference);
    assertThat(change.message())
        .startsWith("the change of " + difference)
        .contains("cuts traffic", says);
  }

  @Test
  void otherRulesOrAnotherInterfaceAreDisruptive() {
    String backend = "backend: {type: vxlan}";
    assertThat(judge(backend, backend + ", nftables: true"))
        .isInstanceOf(ChangeImpact.Disruptive.class)
        .extracting(ChangeImpact::message)
        .isEqualTo(
            "the change of nftables: false -> true cuts traffic: flannel takes its iptables rules"
                + " away before those of nftables are there: new connections from pods to the"
                + " outside are not masqueraded, for about 2s on each of nodes n1, n2 and n3, at"
                + " its turn");
    assertThat(judge(backend, backend + ", interface: {name: eth1}"))
        .isInstanceOf(ChangeImpact.Disruptive.class);
    assertThat(
            judge("backend: {type: host-gw}", "backend: {type: host-gw}, interface: {name: eth1}"))
        .as("no device to make again")
        .isInstanceOf(ChangeImpact.Live.class);
  }

  @Test
  void everyRestartOfAPodCutsWithWireguard() {
    String backend = "backend: {type: wireguard}";
    assertThat(judge(backend, backend + ", flannel: {image: \"f:v9\"}"))
        .isInstanceOf(ChangeImpact.Disruptive.class);
  }

  @Test
  void nodesThatFlannelWouldLeaveAreNamed() {
    ClusterState cluster =
        cluster(leased(1).label("pool", "a"), leased(2)).running(vxlan("10.244.0.0/16")).state();
    String next =
        "{cidr: 10.244.0.0/16, backend: {type: vxlan}, flannel: {nodeSelector: {pool: a}}}";
    assertThat(SpecValidator.change(wanted(next), cluster))
        .isInstanceOf(ChangeImpact.Disruptive.class)
        .extracting(ChangeImpact::message)
        .asString()
        .contains("flannel's pod goes from node n2, which");
    assertThat(
            SpecValidator.change(
                vxlan("10.244.0.0/16"),
                cluster(leased(1).label("pool", "a"), leased(2)).running(wanted(next)).state()))
        .as("it comes to one more")
        .isInstanceOf(ChangeImpact.Live.class);
  }

  @Test
  void nodesThatAnEarlierChangeHasNotReachedCount() {
    Nodes old = node("n4").podCidr("10.244.4.0/24").leased("wireguard", "192.168.0.4");
    assertThat(
            SpecValidator.change(
                ipip("10.244.0.0/16"),
                cluster(leased(1), old).running(vxlan("10.244.0.0/16")).state()))
        .as("wireguard was on its way to vxlan")
        .isInstanceOf(ChangeImpact.Disruptive.class);
    Nodes other = leased(4).flannel("backend-data", "{\"VNI\":7}");
    Clusters ipip = cluster(leased(1), other).running(ipip("10.244.0.0/16"));
    assertThat(SpecValidator.change(vxlan("10.244.0.0/16"), ipip.state()))
        .as("vxlan with another VNI was on its way to ipip")
        .isInstanceOf(ChangeImpact.Disruptive.class);
    assertThat(
            SpecValidator.change(
                wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: {vni: 7}}}"),
                ipip.state()))
        .as("and goes back")
        .isInstanceOf(ChangeImpact.Live.class);
  }

  /** Two of three nodes had moved to ipip when the change was abandoned. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {port: 4789} | takes packets of its own VNI and port alone
          {gbp: true} | recreates the vxlan device
          """)
  void toAnotherVxlanThanNodesStillHaveCuts(String vxlan, String said) {
    AppliedConfig before = AppliedConfig.of(vxlan("10.244.0.0/16"));
    AppliedConfig between = AppliedConfig.of(ipip("10.244.0.0/16"));
    FlannelPods pods =
        new FlannelPods(
            List.of(pod("n1", "new"), pod("n2", "new"), pod("n3", "old")),
            Map.of("old", before, "new", between));
    assertThat(
            SpecValidator.change(
                wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: " + vxlan + "}}"),
                running(ipip("10.244.0.0/16")).pods(pods).state()))
        .isInstanceOfSatisfying(
            ChangeImpact.Disruptive.class, it -> assertThat(it.message()).contains(said));
    assertThat(
            SpecValidator.change(
                vxlan("10.244.0.0/16"), running(ipip("10.244.0.0/16")).pods(pods).state()))
        .isInstanceOf(ChangeImpact.Live.class);
  }

  private static FlannelPod pod(String node, String config) {
    return podOn(node).revision(config).configHash(config).gateOpen().get();
  }

  @Test
  void rolloutOfMoreNodesAtOnceTakesLessTime() {
    String live = "backend: {type: wireguard}";
    assertThat(judge(live, "backend: {type: vxlan}, rollout: {maxUnavailable: 2}").message())
        .contains("about 30s in all");
    assertThat(judge(live, "backend: {type: vxlan}, rollout: {maxUnavailable: 34%}").message())
        .contains("about 30s in all");
    assertThat(judge(live, "backend: {type: vxlan}, rollout: {maxUnavailable: 100%}").message())
        .contains("about 15s in all");
  }

  @Test
  void nothingIsCutWhereNoNodeHasALease() {
    assertThat(
            SpecValidator.change(
                wanted("{cidr: 10.244.0.0/16, backend: {type: wireguard}}"),
                cluster(node("n1")).running(ipip("10.244.0.0/16")).state()))
        .isInstanceOf(ChangeImpact.Live.class);
  }
}
