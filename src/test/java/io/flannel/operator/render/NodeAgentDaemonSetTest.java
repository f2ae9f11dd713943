package io.flannel.operator.render;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.flannel.operator.flannel.Networks;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeAgentDaemonSetTest {
  @Test
  void anAgentHasNoRightsOnItsNode() {
    PodSpec pod = pod(settings(Optional.empty(), Optional.empty()));
    Container agent = pod.getContainers().getFirst();
    assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(agent.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
    assertThat(agent.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
    assertThat(agent.getVolumeMounts()).allMatch(VolumeMount::getReadOnly);
    assertThat(pod.getVolumes())
        .extracting(Volume::getName)
        .containsExactlyElementsOf(
            agent.getVolumeMounts().stream().map(VolumeMount::getName).toList());
  }

  @Test
  void anAgentIsToldItsNodeAndTheApiServerIfThatIsAnotherThanThePods() {
    assertThat(environment(settings(Optional.empty(), Optional.empty())))
        .extracting(EnvVar::getName, it -> it.getValueFrom().getFieldRef().getFieldPath())
        .containsExactly(tuple("NODE_NAME", "spec.nodeName"));
    assertThat(environment(settings(Optional.of("10.0.0.1"), Optional.of("6443"))))
        .extracting(EnvVar::getName, EnvVar::getValue)
        .containsExactly(
            tuple("NODE_NAME", null),
            tuple("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
            tuple("KUBERNETES_SERVICE_PORT", "6443"));
  }

  private static List<EnvVar> environment(NodeAgentSettings settings) {
    return pod(settings).getContainers().getFirst().getEnv();
  }

  private static PodSpec pod(NodeAgentSettings settings) {
    return NodeAgentDaemonSet.render(Networks.ipip("10.244.0.0/16"), settings)
        .getSpec()
        .getTemplate()
        .getSpec();
  }

  private static NodeAgentSettings settings(Optional<String> host, Optional<String> port) {
    return new NodeAgentSettings(
        "flannel-operator",
        "flannel-node-agent",
        "example.org/operator:1",
        Optional.empty(),
        List.of(),
        host,
        port,
        Optional.empty());
  }
}
