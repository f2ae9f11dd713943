package io.flannel.operator.decide.change;

import static io.flannel.operator.decide.change.ChangeScenario.judge;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which fields differ, in words. */
class SpecDiffTest {
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
}
