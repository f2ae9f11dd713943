package io.flannel.operator.render.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Networks;
import io.flannel.operator.flannel.ShortHash;
import io.flannel.operator.render.NodeAgentSettings;
import io.flannel.operator.render.task.NodeTaskPod.Kind;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NodeTaskPodTest {
  private static final NodeAgentSettings SETTINGS =
      new NodeAgentSettings(
          "flannel-system",
          "flannel-node-agent",
          "example.org/operator:1",
          Optional.of("Always"),
          List.of("pull"),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  @Test
  void oneCapabilityAndNothingElse() {
    Pod pod = pod("node-1", "{}", 1);
    var spec = pod.getSpec();
    assertThat(spec.getNodeName()).isEqualTo("node-1");
    assertThat(spec.getHostNetwork()).isTrue();
    assertThat(spec.getRestartPolicy()).isEqualTo("Never");
    assertThat(spec.getActiveDeadlineSeconds()).isPositive();
    assertThat(spec.getAutomountServiceAccountToken()).isFalse();
    assertThat(spec.getVolumes()).isEmpty();
    assertThat(spec.getPriorityClassName()).isEqualTo("system-node-critical");
    assertThat(spec.getImagePullSecrets()).extracting(it -> it.getName()).containsExactly("pull");
    assertThat(spec.getTolerations()).hasSize(2);
    var container = spec.getContainers().getFirst();
    assertThat(container.getImage()).isEqualTo("example.org/operator:1");
    var security = container.getSecurityContext();
    assertThat(security.getCapabilities().getDrop()).containsExactly("ALL");
    assertThat(security.getCapabilities().getAdd()).containsExactly("NET_ADMIN");
    assertThat(security.getPrivileged()).isFalse();
    assertThat(security.getAllowPrivilegeEscalation()).isFalse();
    assertThat(security.getReadOnlyRootFilesystem()).isTrue();
    assertThat(security.getRunAsUser()).isZero();
    assertThat(container.getEnv())
        .extracting(EnvVar::getName, EnvVar::getValue)
        .containsExactly(tuple("TASK_KIND", "left-overs"), tuple("TASK", "{}"));
  }

  @Test
  void thePreflightHasRawSocketsAloneAndIsAllowedCallsOfTheLibrary() {
    Pod pod = pod(Kind.PREFLIGHT, "node-1", "{}", 1);
    var container = pod.getSpec().getContainers().getFirst();
    assertThat(container.getSecurityContext().getCapabilities().getAdd())
        .containsExactly("NET_RAW");
    assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
    assertThat(container.getSecurityContext().getRunAsUser()).isZero();
    assertThat(pod.getSpec().getHostNetwork()).isTrue();
    assertThat(pod.getSpec().getAutomountServiceAccountToken()).isFalse();
    assertThat(pod.getSpec().getVolumes()).isEmpty();
    assertThat(container.getCommand())
        .containsExactly(
            "/opt/jre/bin/java",
            "@/app/agent/java.options",
            "--enable-native-access=ALL-UNNAMED",
            "io.flannel.operator.agent.tasks.NodeTask");
    assertThat(pod("node-1", "{}", 1).getSpec().getContainers().getFirst().getCommand())
        .doesNotContain("--enable-native-access=ALL-UNNAMED");
  }

  @Test
  void theCleanupIsToldTheRangesAndSeesWhatFlannelWrote() {
    String task =
        NodeTaskPod.cleanupTask(
            "uid", List.of(Cidr.parse("10.244.0.0/16"), Cidr.parse("fd00:10:244::/56")));
    Pod pod = pod(Kind.CLEANUP, "node-1", task, 1);
    assertThat(pod.getSpec().getContainers().getFirst().getEnv())
        .extracting(EnvVar::getName, EnvVar::getValue)
        .containsExactly(tuple("NETWORKS", "10.244.0.0/16 fd00:10:244::/56"));
    assertThat(pod.getSpec().getVolumes())
        .extracting(Volume::getName, volume -> volume.getHostPath().getPath())
        .containsExactly(
            tuple("run", "/run/flannel"),
            tuple("cni", "/etc/cni/net.d"),
            tuple("xtables-lock", "/run/xtables.lock"));
    assertThat(NodeTaskPod.cleanupTask("other uid", List.of(Cidr.parse("10.244.0.0/16"))))
        .isNotEqualTo(NodeTaskPod.cleanupTask("uid", List.of(Cidr.parse("10.244.0.0/16"))));
  }

  @Test
  void itIsFoundByItsLabelsAndGoesWithItsNode() {
    Pod pod = pod("node-1", "{}", 3);
    assertThat(pod.getMetadata().getNamespace()).isEqualTo("flannel-system");
    assertThat(pod.getMetadata().getLabels())
        .containsEntry("app", "flannel-node-task")
        .containsEntry("flannel.io/task", "left-overs")
        .containsEntry("flannel.io/network", "default");
    assertThat(pod.getMetadata().getOwnerReferences())
        .singleElement()
        .satisfies(owner -> assertThat(owner.getUid()).isEqualTo("uid of node-1"));
    assertThat(pod.getMetadata().getAnnotations()).containsEntry("flannel.io/attempt", "3");
  }

  @Test
  void aNameForEachNodeAndAttemptThatIsShortEnough() {
    String name = pod("n".repeat(253), "{}", 1).getMetadata().getName();
    assertThat(name).hasSizeLessThanOrEqualTo(63).matches("flannel-left-overs-[0-9a-f]{10}-1");
    assertThat(name).isEqualTo(pod("n".repeat(253), "{\"a\": 1}", 1).getMetadata().getName());
    assertThat(name).isNotEqualTo(pod("n".repeat(253), "{}", 2).getMetadata().getName());
    assertThat(name).isNotEqualTo(pod("n".repeat(252), "{}", 1).getMetadata().getName());
    assertThat(pod("a", "{}", 1).getMetadata().getAnnotations().get("flannel.io/task-hash"))
        .isNotEqualTo(
            pod("a", "{ }", 1).getMetadata().getAnnotations().get("flannel.io/task-hash"));
  }

  private static Pod pod(String node, String order, int attempt) {
    return pod(Kind.LEFT_OVERS, node, order, attempt);
  }

  private static Pod pod(Kind kind, String node, String order, int attempt) {
    return NodeTaskPod.render(
        Networks.ipip("10.244.0.0/16"),
        SETTINGS,
        new NodeTaskPod.Task(kind, node, "uid of " + node, order, ShortHash.of(order), attempt));
  }
}
