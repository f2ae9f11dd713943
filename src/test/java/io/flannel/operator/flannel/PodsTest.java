package io.flannel.operator.flannel;

import static io.flannel.operator.flannel.Networks.wanted;
import static io.flannel.operator.flannel.Nodes.node;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where flannel's pods run, as the DaemonSet controller decides it (daemon_controller.go). */
class PodsTest {
  private static final Pods DEFAULT = pods("{}");
  private static final Pods BEARS_NOTHING = pods("{tolerations: []}");

  @Test
  void podsRunOnLinuxOnly() {
    assertThat(DEFAULT.runOn(node("n").get())).isTrue();
    assertThat(DEFAULT.runOn(node("n").label("kubernetes.io/os", "windows").get())).isFalse();
    assertThat(DEFAULT.runOn(node("n").without("kubernetes.io/os").get())).isFalse();
  }

  @Test
  void podsRunOnNodesThatHaveEveryLabelOfTheSelector() {
    Pods pods = pods("{nodeSelector: {pool: a, zone: b}}");
    assertThat(pods.runOn(node("n").label("pool", "a").label("zone", "b").get())).isTrue();
    assertThat(pods.runOn(node("n").label("pool", "a").label("zone", "c").get())).isFalse();
    assertThat(pods.runOn(node("n").label("pool", "a").get())).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"NoSchedule", "NoExecute", "PreferNoSchedule"})
  void byDefaultOnNodesWithWhateverTaint(String effect) {
    assertThat(DEFAULT.runOn(node("n").taint("any", "value", effect).get())).isTrue();
  }

  @Test
  void aTaintThatNoTolerationBearsKeepsThemOff() {
    assertThat(BEARS_NOTHING.runOn(node("n").taint("any", "", "NoSchedule").get())).isFalse();
    assertThat(BEARS_NOTHING.runOn(node("n").taint("any", "", "NoExecute").get())).isFalse();
    assertThat(BEARS_NOTHING.runOn(node("n").taint("any", "", "PreferNoSchedule").get())).isTrue();
  }

  /** The DaemonSet controller adds tolerations to every host-network pod, each for one effect. */
  @ParameterizedTest
  @CsvSource({
    "not-ready, NoExecute, true",
    "unreachable, NoExecute, true",
    "disk-pressure, NoSchedule, true",
    "memory-pressure, NoSchedule, true",
    "pid-pressure, NoSchedule, true",
    "unschedulable, NoSchedule, true",
    "network-unavailable, NoSchedule, true",
    "not-ready, NoSchedule, false",
    "unreachable, NoSchedule, false",
    "disk-pressure, NoExecute, false",
    "out-of-service, NoExecute, false",
  })
  void kubernetesOwnTaintsAreBorneAsFarAsKubernetesSays(String key, String effect, boolean runs) {
    assertThat(BEARS_NOTHING.runOn(node("n").taint("node.kubernetes.io/" + key, "", effect).get()))
        .isEqualTo(runs);
  }

  @ParameterizedTest(name = "{0} bears a=b:NoSchedule: {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "{operator: Exists}|true",
        "{key: '', operator: Exists}|true",
        "{key: a, operator: Exists}|true",
        "{key: c, operator: Exists}|false",
        "{key: a, value: b}|true",
        "{key: a, operator: Equal, value: b}|true",
        "{key: a, value: c}|false",
        "{key: a}|false",
        "{key: a, value: b, effect: NoSchedule}|true",
        "{key: a, value: b, effect: NoExecute}|false",
        "{operator: Exists, effect: NoExecute}|false",
      })
  void tolerationsBearAsInKubernetes(String toleration, boolean runs) {
    assertThat(
            pods("{tolerations: [%s]}".formatted(toleration))
                .runOn(node("n").taint("a", "b", "NoSchedule").get()))
        .isEqualTo(runs);
  }

  @Test
  void aTolerationWithoutValueBearsATaintWithoutValue() {
    assertThat(pods("{tolerations: [{key: a}]}").runOn(node("n").taint("a", "", "NoExecute").get()))
        .isTrue();
  }

  @Test
  void everyTaintMustBeBorne() {
    assertThat(
            pods("{tolerations: [{key: a, operator: Exists}]}")
                .runOn(node("n").taint("a", "", "NoSchedule").taint("b", "", "NoSchedule").get()))
        .isFalse();
  }

  private static Pods pods(String yaml) {
    return wanted("{cidr: 10.0.0.0/8, backend: {type: ipip}, flannel: %s}".formatted(yaml)).pods();
  }
}
