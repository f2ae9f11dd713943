package io.flannel.operator.flannel.foreign;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.flannel.ForeignInstalls;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OtherDaemonSetTest {
  @Test
  void theFlannelsOfOthersAreSeenUnderAnyName() {
    assertThat(ForeignInstalls.other("talos"))
        .isEqualTo(
            new OtherDaemonSet(
                "kube-system",
                "kube-flannel",
                Optional.of("kube-flannel (ghcr.io/siderolabs/flannel:v0.26.1)"),
                false,
                false,
                "flannel",
                Set.of("kube-flannel-cfg")));
    assertThat(ForeignInstalls.other("rke2-canal"))
        .satisfies(
            canal -> {
              assertThat(canal.id()).isEqualTo("kube-system/rke2-canal");
              assertThat(canal.flanneld().orElseThrow()).startsWith("kube-flannel (rancher/");
              assertThat(canal.runsFlannelOnLinux()).isTrue();
              assertThat(canal.usesAccount("kube-system", "canal")).isTrue();
            });
    assertThat(ForeignInstalls.other("kube-flannel-ds-amd64").runsFlannelOnLinux()).isTrue();
    OtherDaemonSet windows = ForeignInstalls.other("windows");
    assertThat(windows.runsFlannel()).isTrue();
    assertThat(windows.runsFlannelOnLinux()).isFalse();
    assertThat(windows.usesConfigMap("kube-system", "kube-flannel-cfg")).isTrue();
    assertThat(windows.usesConfigMap("kube-flannel", "kube-flannel-cfg")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nodeSelector: {kubernetes.io/os: windows}",
        "nodeSelector: {beta.kubernetes.io/os: windows, pool: a}",
        "os: {name: windows}",
        "nodeSelector: {kubernetes.io/os: freebsd}",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: NotIn,"
            + " values: [linux]}]}]}}}",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchExpressions: [{key: beta.kubernetes.io/os, operator:"
            + " NotIn, values: [darwin, linux]}, {key: nic, operator: Exists}]},"
            + " {matchExpressions: [{key: kubernetes.io/os, operator: DoesNotExist}]}]}}}",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{}]}}}",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: In,"
            + " values: [windows]}]}]}}}"
      })
  void windowsPodsDoNotRunOnLinux(String constraint) {
    assertThat(pod(constraint).runsFlannelOnLinux()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nodeSelector: {}",
        "nodeSelector: {nic: windows}",
        "os: {name: linux}",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values:"
            + " [a]}]}]}}}",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator:"
            + " Exists}]}]}}}",
        "nodeSelector: {kubernetes.io/os: linux}",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: In,"
            + " values: [windows]}]}, {matchExpressions: [{key: nic, operator: Exists}]}]}}}",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: NotIn,"
            + " values: [windows]}]}]}}}",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution:"
            + " {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/os, operator: In,"
            + " values: [linux, windows]}]}]}}}"
      })
  void allOthersMayRunOnLinux(String constraint) {
    assertThat(pod(constraint).runsFlannelOnLinux()).isTrue();
  }

  @Test
  void aConfigMapIsNamedInManyWays() {
    assertThat(
            pod("""
                volumes:
                - {name: a, configMap: {name: mounted}}
                - {name: b, projected: {sources: [{configMap: {name: projected}}]}}
                - {name: c, hostPath: {path: /}}
                initContainers:
                - {name: i, image: x, envFrom: [{configMapRef: {name: all}}]}
                - name: j
                  image: x
                  env: [{name: A, valueFrom: {configMapKeyRef: {name: one, key: k}}}, {name: B}]
                """)
                .configMaps())
        .containsExactlyInAnyOrder("mounted", "projected", "all", "one");
  }

  @Test
  void onlyAContainerThatGoesOnRunningCounts() {
    String yaml =
        """
        metadata: {name: puller, namespace: default}
        spec:
          template:
            spec:
              initContainers: [{name: pull, image: ghcr.io/flannel-io/flannel:v0.28.10}]
              containers: [{name: pause, image: registry.k8s.io/pause:3.10}]
        """;
    assertThat(OtherDaemonSet.of(Serialization.unmarshal(yaml, DaemonSet.class)).runsFlannel())
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{name: f, image: ghcr.io/flannel-io/flannel:v0.28.10, restartPolicy: Always}",
        "{name: f, image: any, command: [/opt/bin/flanneld], restartPolicy: Always}",
        "{name: f, image: any, command: [/opt/bin/flanneld, --kube-subnet-mgr]}"
      })
  void aSidecarGoesOnRunning(String init) {
    OtherDaemonSet other =
        pod("initContainers: [" + init + "]\ncontainers: [{name: pause, image: pause}]\n");
    assertThat(other.runsFlannelOnLinux()).isTrue();
    assertThat(other.flanneld().orElseThrow()).startsWith("f (");
  }

  @Test
  void aDaemonSetOfWhichNothingIsKnownIsNone() {
    OtherDaemonSet bare =
        OtherDaemonSet.of(
            Serialization.unmarshal("metadata: {name: a, namespace: b}", DaemonSet.class));
    assertThat(bare)
        .isEqualTo(
            new OtherDaemonSet("b", "a", Optional.empty(), false, false, "default", Set.of()));
  }

  private static OtherDaemonSet pod(String fields) {
    String yaml =
        """
        metadata: {name: any, namespace: net}
        spec:
          template:
            spec:
              %s
        """
                .formatted(
                    fields.contains("\ncontainers:")
                        ? ""
                        : "containers: [{name: a, image: 'registry:5000/flannel:1'}]")
            + fields.indent(6);
    return OtherDaemonSet.of(Serialization.unmarshal(yaml, DaemonSet.class));
  }
}
