package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.ProbeKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The node agents: on every node that runs flannel, on the host's network, and in pods apart from
 * flannel's so that neither restarts the other. They have no capability, don't run as root and
 * can't write files.
 */
public final class NodeAgentDaemonSet {
  /** The DaemonSet's name. */
  public static final String NAME = "flannel-node-agent";

  /** The label that selects the agents' pods. */
  public static final Map<String, String> POD_LABELS = Map.of("app", NAME);

  /** The user "nonroot" of distroless; everybody can read the image's files. */
  private static final long USER = 65532;

  /** Where the agent finds subnet.env; the same path as on the node. */
  private static final String RUN_DIR = "/run/flannel";

  /** Where the agent finds the CNI configuration; the same path as on most nodes. */
  private static final String CNI_DIR = "/etc/cni/net.d";

  private static final String PROBE_KEY = "probe-key";

  /** The agent in the operator's image: see the Dockerfile. */
  private static final List<String> COMMAND =
      List.of("/opt/jre/bin/java", "@/app/agent/java.options", "io.flannel.operator.agent.Agent");

  private NodeAgentDaemonSet() {}

  public static DaemonSet render(DesiredNetwork network, NodeAgentSettings settings) {
    return new DaemonSetBuilder()
        .withMetadata(
            new ObjectMetaBuilder()
                .withName(NAME)
                .withNamespace(settings.namespace())
                .withLabels(Flannel.labels(network))
                .withOwnerReferences(settings.owner().stream().toList())
                .build())
        .withNewSpec()
        .withNewSelector()
        .withMatchLabels(POD_LABELS)
        .endSelector()
        .withNewUpdateStrategy()
        .withType("RollingUpdate")
        .withNewRollingUpdate()
        // While an agent restarts, its node is not measured for some seconds; packets are not
        // affected.
        .withMaxUnavailable(new IntOrString("10%"))
        .endRollingUpdate()
        .endUpdateStrategy()
        .withNewTemplate()
        .withNewMetadata()
        .withLabels(POD_LABELS)
        .addToLabels("tier", "node")
        .endMetadata()
        .withSpec(podSpec(network, settings))
        .endTemplate()
        .endSpec()
        .build();
  }

  private static PodSpec podSpec(DesiredNetwork network, NodeAgentSettings settings) {
    return new PodSpecBuilder()
        .withHostNetwork(true)
        .withDnsPolicy("Default")
        .withEnableServiceLinks(false)
        .withPriorityClassName("system-node-critical")
        .withServiceAccountName(settings.serviceAccount())
        .withNodeSelector(network.pods().nodeSelector())
        .withTolerations(FlannelDaemonSet.tolerations(network))
        .withImagePullSecrets(
            settings.imagePullSecrets().stream().map(LocalObjectReference::new).toList())
        .withTerminationGracePeriodSeconds(5L)
        .withNewSecurityContext()
        .withRunAsNonRoot(true)
        .withRunAsUser(USER)
        .withRunAsGroup(USER)
        .withNewSeccompProfile()
        .withType("RuntimeDefault")
        .endSeccompProfile()
        .endSecurityContext()
        .withContainers(agent(settings))
        .withVolumes(
            hostPath("run", RUN_DIR, "DirectoryOrCreate"),
            hostPath("cni", network.cni().confDir(), "DirectoryOrCreate"),
            probeKey())
        .build();
  }

  private static Container agent(NodeAgentSettings settings) {
    return new ContainerBuilder()
        .withName("agent")
        .withImage(settings.image())
        .withImagePullPolicy(settings.imagePullPolicy().orElse(null))
        .withCommand(COMMAND)
        .withEnv(environment(settings))
        .withNewResources()
        .addToRequests("cpu", new Quantity("50m"))
        .addToRequests("memory", new Quantity("72Mi"))
        .addToLimits("memory", new Quantity("128Mi"))
        .endResources()
        .withNewSecurityContext()
        .withPrivileged(false)
        .withAllowPrivilegeEscalation(false)
        .withReadOnlyRootFilesystem(true)
        .withNewCapabilities()
        .withDrop("ALL")
        .endCapabilities()
        .endSecurityContext()
        .withVolumeMounts(
            new VolumeMountBuilder()
                .withName("run")
                .withMountPath(RUN_DIR)
                .withReadOnly(true)
                .build(),
            new VolumeMountBuilder()
                .withName("cni")
                .withMountPath(CNI_DIR)
                .withReadOnly(true)
                .build(),
            new VolumeMountBuilder()
                .withName(PROBE_KEY)
                .withMountPath(ProbeKey.DIRECTORY)
                .withReadOnly(true)
                .build())
        .build();
  }

  private static List<EnvVar> environment(NodeAgentSettings settings) {
    List<EnvVar> environment = new ArrayList<>();
    environment.add(DownwardApi.variable("NODE_NAME", "spec.nodeName"));
    settings
        .apiServerHost()
        .ifPresent(host -> environment.add(new EnvVar("KUBERNETES_SERVICE_HOST", host, null)));
    settings
        .apiServerPort()
        .ifPresent(port -> environment.add(new EnvVar("KUBERNETES_SERVICE_PORT", port, null)));
    return environment;
  }

  /**
   * Optional, since agents can start without it. The mode lets the agent's non-root user read the
   * files; no other pod sees them.
   */
  private static Volume probeKey() {
    return new VolumeBuilder()
        .withName(PROBE_KEY)
        .withNewSecret()
        .withSecretName(ProbeKey.SECRET)
        .withOptional(true)
        .withDefaultMode(0444)
        .endSecret()
        .build();
  }

  private static Volume hostPath(String name, String path, String type) {
    return new VolumeBuilder().withName(name).withNewHostPath(path, type).build();
  }
}
