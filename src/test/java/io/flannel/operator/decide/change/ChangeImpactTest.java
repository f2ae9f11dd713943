package io.flannel.operator.decide.change;

import static io.flannel.operator.decide.Clusters.cluster;
import static io.flannel.operator.decide.change.ChangeScenario.judge;
import static io.flannel.operator.decide.change.ChangeScenario.leased;
import static io.flannel.operator.decide.change.ChangeScenario.running;
import static io.flannel.operator.flannel.Networks.ipip;
import static io.flannel.operator.flannel.Networks.vxlan;
import static io.flannel.operator.flannel.Networks.wanted;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.PodTemplate;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whether a change is live, disruptive or none, and which packets it sends that flannel did not
 * send before.
 */
class ChangeImpactTest {
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

  @Test
  void aFirstInstallationIsNoChange() {
    assertThat(SpecValidator.change(ipip("10.244.0.0/16"), cluster(leased(1)).state()))
        .isEqualTo(new ChangeImpact.None());
  }

  @Test
  void lostConfigurationIsNotGuessed() {
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
}
