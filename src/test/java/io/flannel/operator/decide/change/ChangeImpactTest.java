package io.flannel.operator.decide.change;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.flannel.Networks.dualStack;
import static io.flannel.operator.flannel.Networks.ipip;
import static io.flannel.operator.flannel.Networks.vxlan;
import static io.flannel.operator.flannel.Networks.wanted;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.Nodes;
import io.flannel.operator.flannel.PodTemplate;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChangeImpactTest {
  private static final String RANGE = "cidr: 10.244.0.0/16, ";

  /** Three nodes with a lease. */
  private static Clusters running(DesiredNetwork live) {
    return cluster(leased(1), leased(2), leased(3)).running(live);
  }

  private static Nodes leased(int number) {
    return node("n" + number)
        .podCidr("10.244.%d.0/24".formatted(number))
        .internalIp("192.168.0." + number)
        .leased("vxlan", "192.168.0." + number);
  }

  private static ChangeImpact judge(String live, String next) {
    return SpecValidator.change(
        wanted("{" + RANGE + next + "}"), running(wanted("{" + RANGE + live + "}")).state());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          type: vxlan | type: ipip
          type: vxlan | type: host-gw
          type: ipip | type: vxlan
          type: ipip | type: host-gw
          type: host-gw | type: vxlan
          type: host-gw | type: ipip
          type: vxlan, vxlan: {vni: 7, port: 4789, gbp: true} | type: ipip, directRouting: true
          type: ipip | type: vxlan, vxlan: {vni: 7, port: 4789, gbp: true}
          type: vxlan | type: vxlan, directRouting: true
          type: vxlan, directRouting: true | type: vxlan
          type: ipip | type: ipip, directRouting: true
          type: ipip, directRouting: true | type: ipip
          """)
  void betweenBackendsThatLeaveTheirDevicesPacketsKeepFlowing(String live, String next) {
    assertThat(judge("backend: {" + live + "}", "backend: {" + next + "}"))
        .isInstanceOf(ChangeImpact.Live.class)
        .extracting(ChangeImpact::message)
        .asString()
        .contains(" cuts nothing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          mtu: 1400 | mtu: not set -> 1400
          flannel: {image: "f:v9"} | flannel.image: ghcr.io/flannel-io/flannel:v0.28.10 -> f:v9
          flannel: {cniPluginImage: "c:v9"} | flannel.cniPluginImage: ghcr.io/flannel-io/flannel-cni-plugin:v1.9.1-flannel3 -> c:v9
          flannel: {extraArgs: ["-v=4", "-x"]} | flannel.extraArgs: not set -> -v=4 -x
          flannel: {imagePullPolicy: Always} | flannel.imagePullPolicy: '' -> Always
          flannel: {imagePullSecrets: [{name: b}, {name: a}]} | flannel.imagePullSecrets: not set -> a b
          flannel: {nodeSelector: {}, tolerations: [{operator: Exists}]} | flannel.tolerations: *:NoSchedule op=Exists *:NoExecute op=Exists -> * op=Exists
          flannel: {resources: {requests: {cpu: "0.25"}}} | flannel.resources.requests: cpu=0.1 memory=52428800 -> cpu=0.25
          ipMasq: false | ipMasq: true -> false
          cni: {version: 1.1.0} | cni.version: 1.0.0 -> 1.1.0
          cni: {binDir: /b} | cni.binDir: /opt/cni/bin -> /b
          cni: {confDir: /c} | cni.confDir: /etc/cni/net.d -> /c
          """)
  void optionsThatTouchNoTunnelAreLive(String option, String difference) {
    String backend = "backend: {type: vxlan}";
    assertThat(judge(backend, backend + ", " + option))
        .isInstanceOf(ChangeImpact.Live.class)
        .satisfies(
            change ->
                assertThat(change.differences())
                    .extracting(FieldDiff::toString)
                    .containsExactly(difference.replace("''", "")));
  }

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
                + " away before those of nftables are there: new connections from pods to the outside"
                + " are not masqueraded, for about 2s on each of nodes n1, n2 and n3, at its turn");
    assertThat(judge(backend, backend + ", interface: {name: eth1}"))
        .isInstanceOf(ChangeImpact.Disruptive.class);
    assertThat(
            judge("backend: {type: host-gw}", "backend: {type: host-gw}, interface: {name: eth1}"))
        .as("no device to make again")
        .isInstanceOf(ChangeImpact.Live.class);
  }

  @Test
  void withWireguardEveryRestartOfAPodCuts() {
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

  /** Two were on their way to ipip when the change was given up. */
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
                wanted("{" + RANGE + "backend: {type: vxlan, vxlan: " + vxlan + "}}"),
                running(ipip("10.244.0.0/16")).pods(pods).state()))
        .isInstanceOfSatisfying(
            ChangeImpact.Disruptive.class, it -> assertThat(it.message()).contains(said));
    assertThat(
            SpecValidator.change(
                vxlan("10.244.0.0/16"), running(ipip("10.244.0.0/16")).pods(pods).state()))
        .isInstanceOf(ChangeImpact.Live.class);
  }

  private static FlannelPod pod(String node, String config) {
    return new FlannelPod("pod-" + node, node, config, config, Optional.empty(), true);
  }

  @Test
  void moreNodesAtOnceTakeLessTime() {
    String live = "backend: {type: wireguard}";
    assertThat(judge(live, "backend: {type: vxlan}, rollout: {maxUnavailable: 2}").message())
        .contains("about 30s in all");
    assertThat(judge(live, "backend: {type: vxlan}, rollout: {maxUnavailable: 34%}").message())
        .contains("about 30s in all");
    assertThat(judge(live, "backend: {type: vxlan}, rollout: {maxUnavailable: 100%}").message())
        .contains("about 15s in all");
  }

  @Test
  void whereNoNodeHasALeaseThereIsNothingToCut() {
    assertThat(
            SpecValidator.change(
                wanted("{cidr: 10.244.0.0/16, backend: {type: wireguard}}"),
                cluster(node("n1")).running(ipip("10.244.0.0/16")).state()))
        .isInstanceOf(ChangeImpact.Live.class);
  }

  @Test
  void fieldsThatChangeNoPodAreNoChange() {
    assertThat(
            judge(
                "backend: {type: vxlan}",
                "backend: {type: vxlan}, deletionPolicy: Cleanup, health: {interval: 5s}, rollout:"
                    + " {maxUnavailable: 3, disruption: Allow}, flannel: {resources: {requests: {cpu:"
                    + " \"0.1\", memory: 51200Ki}}}"))
        .isEqualTo(new ChangeImpact.None());
  }

  @Test
  void aFirstInstallationIsNoChange() {
    assertThat(SpecValidator.change(ipip("10.244.0.0/16"), cluster(leased(1)).state()))
        .isEqualTo(new ChangeImpact.None());
  }

  @ParameterizedTest
  @CsvSource({"10.240.0.0/12", "10.244.0.0/15", "10.0.0.0/8", "10.244.0.0/20"})
  void aRangeThatHoldsEveryPodCidrIsLive(String cidr) {
    assertThat(SpecValidator.change(vxlan(cidr), running(vxlan("10.244.0.0/16")).state()))
        .isInstanceOf(ChangeImpact.Live.class);
  }

  @Test
  void aNarrowerRangeIsToldToTheControllerManagerToo() {
    assertThat(
            SpecValidator.change(vxlan("10.244.0.0/20"), running(vxlan("10.244.0.0/16")).state())
                .message())
        .contains("those of nodes that join must be, too", "--cluster-cidr");
    assertThat(
            SpecValidator.change(vxlan("10.244.0.0/15"), running(vxlan("10.244.0.0/16")).state())
                .message())
        .doesNotContain("--cluster-cidr");
  }

  @ParameterizedTest
  @CsvSource({"10.245.0.0/16", "10.244.0.0/23", "172.16.0.0/12"})
  void aRangeThatStrandsALeaseIsRefused(String cidr) {
    assertThat(SpecValidator.change(vxlan(cidr), running(vxlan("10.244.0.0/16")).state()))
        .isInstanceOfSatisfying(
            ChangeImpact.Refused.class,
            refused -> {
              assertThat(refused.reason()).isEqualTo("PodCIDROutside");
              assertThat(refused.differences())
                  .extracting(FieldDiff::toString)
                  .containsExactly("cidr: 10.244.0.0/16 -> " + cidr);
            });
  }

  @Test
  void aFamilyThatPodsUseIsNotTakenAway() {
    DesiredNetwork both = dualStack("10.244.0.0/16", "fd00:10:244::/56");
    Clusters cluster =
        cluster(
                node("n1")
                    .podCidr("10.244.1.0/24", "fd00:10:244:1::/64")
                    .leased("vxlan", "192.168.0.1", "fd01::1"),
                node("n2").podCidr("10.244.2.0/24").leased("vxlan", "192.168.0.2"))
            .running(both);
    assertThat(SpecValidator.judge(vxlan("10.244.0.0/16"), cluster.state()))
        .isEqualTo(
            Decision.refuse(
                "FamilyInUse",
                "ipv6CIDR fd00:10:244::/56 is gone from the spec, but pods on node n1 have IPv6"
                    + " addresses of it (n1 has podCIDR fd00:10:244:1::/64): flannel would no longer"
                    + " carry them",
                "set ipv6CIDR to fd00:10:244::/56 again. To give IPv6 up, take its range out of the"
                    + " controller-manager's --cluster-cidr and replace the nodes one by one, so that"
                    + " each registers without a podCIDR of it; the network can be changed after the"
                    + " last"));
    assertThat(
            SpecValidator.change(
                wanted("{ipv6CIDR: 'fd00:10:244::/56', backend: {type: host-gw}}"),
                cluster(leased(1)).running(both).state()))
        .as("cidr is gone")
        .extracting("reason")
        .isEqualTo("FamilyInUse");
    assertThat(
            SpecValidator.change(
                vxlan("10.244.0.0/16"), cluster(leased(1), leased(2)).running(both).state()))
        .as("no node has a podCIDR of it")
        .isInstanceOf(ChangeImpact.Live.class);
  }

  @Test
  void ipipIsNotForNodesThatPublishIpv6Alone() {
    Clusters cluster =
        cluster(
                leased(1),
                node("n2")
                    .podCidr("10.244.2.0/24")
                    .internalIp("192.168.0.2")
                    .flannel("kube-subnet-manager", "true")
                    .flannel("backend-type", "host-gw")
                    .flannel("public-ip", "0.0.0.0")
                    .flannel("public-ipv6", "fd01::2"))
            .running(wanted("{cidr: 10.244.0.0/16, backend: {type: host-gw}}"));
    assertThat(SpecValidator.change(ipip("10.244.0.0/16"), cluster.state()))
        .extracting("reason", "message")
        .containsExactly(
            "NodeWithoutIPv4",
            "flannel published an IPv6 address alone for node n2, and ipip carries IPv4 only");
    assertThat(SpecValidator.change(vxlan("10.244.0.0/16"), cluster.state()))
        .isInstanceOf(ChangeImpact.Live.class);
    assertThat(
            SpecValidator.judge(
                wanted("{cidr: 10.244.0.0/16, mtu: 1400, backend: {type: ipip}}"),
                cluster.running(ipip("10.244.0.0/16")).state()))
        .as("it is ipip already")
        .isEqualTo(Decision.accept());
  }

  @Test
  void aDisruptiveChangeNeedsToBeAllowed() {
    ClusterState cluster = running(vxlan("10.244.0.0/16")).state();
    String wireguard = "cidr: 10.244.0.0/16, backend: {type: wireguard}";
    assertThat(SpecValidator.judge(wanted("{" + wireguard + "}"), cluster))
        .isInstanceOfSatisfying(
            Decision.Refuse.class,
            refuse -> {
              assertThat(refuse.reason()).isEqualTo("DisruptiveChange");
              assertThat(refuse.message())
                  .contains("backend.type: vxlan -> wireguard", "45s", "n1, n2 and n3");
              assertThat(refuse.remedy()).contains("spec.rollout.disruption to Allow");
            });
    assertThat(
            SpecValidator.judge(
                wanted("{" + wireguard + ", rollout: {disruption: Allow}}"), cluster))
        .isEqualTo(Decision.accept());
    assertThat(
            SpecValidator.judge(
                wanted("{" + wireguard + "}"), running(wanted("{" + wireguard + "}")).state()))
        .as("what is written already is not refused in hindsight")
        .isEqualTo(Decision.accept());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          type: vxlan | type: ipip | IP protocol 4
          type: host-gw | type: vxlan | UDP port 8472
          type: ipip | type: vxlan, vxlan: {port: 4789} | UDP port 4789
          type: vxlan | type: vxlan, vxlan: {port: 4789} | UDP port 4789
          type: vxlan | type: wireguard | UDP port 51820
          type: ipip, directRouting: true | type: ipip | IP protocol 4
          type: vxlan | type: vxlan, directRouting: true |
          type: vxlan | type: vxlan, vxlan: {vni: 2} |
          type: vxlan | type: host-gw |
          """)
  void theEncapsulationThatWasNotUsedBefore(String live, String next, String encapsulation) {
    ChangeImpact change = judge("backend: {" + live + "}", "backend: {" + next + "}");
    assertThat(
            switch (change) {
              case ChangeImpact.Live it -> it.newEncapsulation();
              case ChangeImpact.Disruptive it -> it.newEncapsulation();
              case ChangeImpact.None _, ChangeImpact.Refused _ -> throw new AssertionError(change);
            })
        .map(Object::toString)
        .isEqualTo(Optional.ofNullable(encapsulation));
  }

  @Test
  void anotherImageSendsNothingNew() {
    assertThat(
            judge(
                "backend: {type: ipip, directRouting: true}",
                "backend: {type: ipip, directRouting: true}, flannel: {image: \"f:v9\"}"))
        .isInstanceOfSatisfying(
            ChangeImpact.Live.class, live -> assertThat(live.newEncapsulation()).isEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          backend: {type: host-gw} | backend: {type: ipip} | the node's NIC less 0: 1500 of 1500 -> the node's NIC less 20: 1480 of 1500
          backend: {type: ipip} | backend: {type: vxlan} | the node's NIC less 20: 1480 of 1500 -> the node's NIC less 50: 1450 of 1500
          backend: {type: vxlan} | backend: {type: wireguard} | -> the node's NIC less 80: 1420 of 1500
          backend: {type: vxlan} | backend: {type: ipip} |
          backend: {type: ipip}, mtu: 1450 | backend: {type: vxlan}, mtu: 1450 |
          backend: {type: ipip}, mtu: 1450 | backend: {type: vxlan} |
          backend: {type: ipip} | backend: {type: ipip}, mtu: 1450 | the node's NIC less 20: 1480 of 1500 -> 1450
          backend: {type: ipip} | backend: {type: vxlan}, mtu: 1480 |
          backend: {type: vxlan}, mtu: 1400 | backend: {type: vxlan}, mtu: 1300 | (1400 -> 1300)
          backend: {type: vxlan}, mtu: 1300 | backend: {type: vxlan}, mtu: 1400 |
          backend: {type: vxlan}, mtu: 8950 | backend: {type: vxlan} | (8950 -> the node's NIC less 50: 1450 of 1500, on nodes where that is less)
          """)
  void podsThatKeepALargerMtuAreToldBeforehand(String live, String next, String says) {
    String message = judge(live, next).message();
    if (says == null) {
      assertThat(message).doesNotContain("pods' MTU");
    } else {
      assertThat(message)
          .contains("pods' MTU becomes smaller", says, "Restart them", "set mtu", "beforehand");
    }
  }

  @Test
  void whereTheConfigurationIsLostItIsNotGuessed() {
    DesiredNetwork live = ipip("10.244.0.0/16");
    LiveFlannel lost =
        new LiveFlannel(
            Networks.live(live, 3).configHash(),
            Optional.empty(),
            PodTemplate.of(live),
            new LiveFlannel.PodCounts(true, 3, 3, 3, 3),
            RolloutAnnotations.NONE);
    Clusters cluster = running(live).live(lost);
    assertThat(SpecValidator.change(live, cluster.state())).isEqualTo(new ChangeImpact.None());
    assertThat(SpecValidator.change(vxlan("10.244.0.0/16"), cluster.state()))
        .isInstanceOf(ChangeImpact.Disruptive.class)
        .extracting(ChangeImpact::message)
        .asString()
        .contains("kube-flannel-cfg-" + lost.configHash() + " is gone");
  }

  @Test
  void theMessageOfALiveChange() {
    assertThat(judge("backend: {type: vxlan}", "backend: {type: ipip}, mtu: 1450"))
        .isEqualTo(
            new ChangeImpact.Live(
                List.of(
                    new FieldDiff("backend.type", Optional.of("vxlan"), Optional.of("ipip")),
                    new FieldDiff("mtu", Optional.empty(), Optional.of("1450"))),
                "the change of backend.type: vxlan -> ipip, mtu: not set -> 1450 cuts nothing",
                Optional.of(ipip("10.244.0.0/16").backend().encapsulation().orElseThrow())));
  }
}
