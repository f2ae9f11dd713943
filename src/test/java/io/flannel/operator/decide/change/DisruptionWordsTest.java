package io.flannel.operator.decide.change;

import static io.flannel.operator.decide.change.ChangeScenario.judge;
import static io.flannel.operator.decide.change.ChangeScenario.running;
import static io.flannel.operator.flannel.Networks.vxlan;
import static io.flannel.operator.flannel.Networks.wanted;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said of changes whose effect depends on what cannot be known. */
class DisruptionWordsTest {
  @Test
  void withoutAFlannelThereIsNothingToChange() {
    assertThat(new ChangeImpact.None().message()).isEqualTo("what runs is what the spec says");
    assertThat(new ChangeImpact.None().differences()).isEmpty();
    assertThat(new ChangeImpact.None().newEncapsulation()).isEmpty();
    assertThat(new ChangeImpact.Refused(List.of(), "R", "m", "r").newEncapsulation()).isEmpty();
  }

  @Test
  void whatABackendThatIsNotKnownLeavesBehindIsNotKnown() {
    DesiredNetwork wanted = vxlan("10.244.0.0/16");
    LiveFlannel live = Networks.live(wanted, 3);
    LiveFlannel udp =
        new LiveFlannel(
            "another",
            AppliedConfig.read(
                "{\"Network\": \"10.244.0.0/16\", \"Backend\": {\"Type\": \"udp\"}}", ""),
            live.template(),
            live.pods(),
            live.marks());
    assertThat(SpecValidator.change(wanted, running(wanted).live(udp).state()))
        .isInstanceOf(ChangeImpact.Disruptive.class)
        .extracting(ChangeImpact::message)
        .asString()
        .contains("what flannel's udp leaves on a node is not known");
  }

  @Test
  void aConfigurationThatDiffersInNoFieldIsCalledByItsHash() {
    DesiredNetwork wanted = vxlan("10.244.0.0/16");
    LiveFlannel live = Networks.live(wanted, 3);
    LiveFlannel older =
        new LiveFlannel("older", live.config(), live.template(), live.pods(), live.marks());
    assertThat(SpecValidator.change(wanted, running(wanted).live(older).state()).differences())
        .containsExactly(
            new FieldDiff("configuration", Optional.of("older"), Optional.of(live.configHash())));
  }

  @Test
  void anotherInterfaceMakesSomeNodesBuildTheirDeviceAgain() {
    String backend = "backend: {type: ipip}";
    assertThat(judge(backend, backend + ", interface: {name: eth1}").message())
        .contains("a node whose interface is another one by these arguments recreates its tunnel")
        .endsWith("for about 2s on each of nodes n1, n2 and n3, at its turn");
    assertThat(
            judge(
                    backend + ", interface: {name: eth1}",
                    backend + ", mtu: 1400," + " interface: {name: eth1}")
                .message())
        .doesNotContain("interface is another one");
  }

  @Test
  void theSameBackendTakesNoMoreOfThePacket() {
    assertThat(
            judge("backend: {type: vxlan}", "backend: {type: vxlan, vxlan: {port: 4789}}")
                .message())
        .doesNotContain("MTU");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {key: a, operator: Equal, value: b, effect: NoExecute, tolerationSeconds: 60} | a=b:NoExecute for 60s
          {key: a, operator: Exists} | a op=Exists
          {operator: Exists, effect: PreferNoSchedule} | *:PreferNoSchedule op=Exists
          """)
  void aTolerationIsWrittenAsKubectlDescribesIt(String toleration, String said) {
    assertThat(
            judge(
                    "backend: {type: vxlan}",
                    "backend: {type: vxlan}, flannel: {tolerations: [%s]}".formatted(toleration))
                .message())
        .contains("NoExecute op=Exists -> " + said + " cuts");
  }

  @Test
  void resourcesAreComparedAsNumbersOfThousandths() {
    String with = "backend: {type: vxlan}, flannel: {resources: {limits: {cpu: '%s'}}}";
    assertThat(judge(with.formatted("0.1001"), with.formatted("101m")))
        .isEqualTo(new ChangeImpact.None());
    assertThat(judge(with.formatted("100m"), with.formatted("0.1001")).message())
        .contains("flannel.resources.limits: cpu=0.1 -> cpu=0.101");
  }

  @Test
  void optionsOfAnotherBackendAreNamedOnlyWhereTheyAreUnusual() {
    assertThat(
            SpecValidator.change(
                    wanted("{cidr: 10.244.0.0/16, backend: {type: vxlan, vxlan: {vni: 7}}}"),
                    running(Networks.ipip("10.244.0.0/16")).state())
                .differences())
        .extracting(FieldDiff::toString)
        .containsExactly("backend.type: ipip -> vxlan", "backend.vxlan.vni: not set -> 7");
  }
}
