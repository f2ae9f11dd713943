package io.flannel.operator.render;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.flannel.operator.overlay.Backend;
import io.flannel.operator.overlay.NetConf;
import io.flannel.operator.overlay.Pods;
import io.flannel.operator.overlay.WantedNetwork;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * flanneld on every node, as upstream's manifest has it (Documentation/kube-flannel.yml), but: the
 * configuration's ConfigMap is named by its hash, and the health port listens on loopback only.
 */
public final class FlannelDaemonSet {
  /** The label that selects flannel's pods; upstream's. */
  public static final Map<String, String> POD_LABELS = Map.of("app", "flannel");

  /** The name of flanneld's container; upstream's. */
  public static final String CONTAINER = "kube-flannel";

  /** The name of the volume with the configuration; upstream's. */
  public static final String CONFIG_VOLUME = "flannel-cfg";

  /** Where flanneld's health server listens, on loopback. */
  private static final int HEALTH_PORT = 8081;

  private static final String CONFIG_DIR = "/etc/kube-flannel/";

  /** Where the configuration waits for the pre-shared key, if it needs one. */
  private static final String CONFIG_TEMPLATE_DIR = "/etc/kube-flannel-template/";

  private static final String FINISHED_CONFIG_VOLUME = "flannel-cfg-with-psk";

  private FlannelDaemonSet() {}

  static DaemonSet render(WantedNetwork network, NetConf conf) {
    return new DaemonSetBuilder()
        .withMetadata(Flannel.namespaced(network, Flannel.DAEMON_SET))
        .withNewSpec()
        .withNewSelector()
        .withMatchLabels(POD_LABELS)
        .endSelector()
        .withNewUpdateStrategy()
        .withType("RollingUpdate")
        .withNewRollingUpdate()
        .withMaxUnavailable(maxUnavailable(network.maxUnavailable()))
        .endRollingUpdate()
        .endUpdateStrategy()
        .withNewTemplate()
        .withNewMetadata()
        .withLabels(POD_LABELS)
        .addToLabels("tier", "node")
        .endMetadata()
        .withSpec(podSpec(network, conf))
        .endTemplate()
        .endSpec()
        .build();
  }

  private static IntOrString maxUnavailable(String text) {
    return text.endsWith("%") ? new IntOrString(text) : new IntOrString(Integer.parseInt(text));
  }

  private static PodSpec podSpec(WantedNetwork network, NetConf conf) {
    Pods pods = network.pods();
    return new PodSpecBuilder()
        .withHostNetwork(true)
        .withPriorityClassName("system-node-critical")
        .withServiceAccountName(Flannel.ROLE)
        .withNodeSelector(pods.nodeSelector())
        .withTolerations(tolerations(network))
        .withImagePullSecrets(
            pods.imagePullSecrets().stream().map(LocalObjectReference::new).toList())
        .withInitContainers(initContainers(network))
        .withContainers(flanneld(network))
        .withVolumes(volumes(network, conf))
        .build();
  }

  static List<Toleration> tolerations(WantedNetwork network) {
    return network.pods().tolerations().stream().map(FlannelDaemonSet::toleration).toList();
  }

  private static Toleration toleration(Pods.Toleration toleration) {
    return new TolerationBuilder()
        .withKey(toleration.key())
        .withOperator(toleration.operator())
        .withValue(toleration.value())
        .withEffect(toleration.effect())
        .withTolerationSeconds(toleration.seconds())
        .build();
  }

  private static List<Container> initContainers(WantedNetwork network) {
    Pods pods = network.pods();
    List<Container> containers = new ArrayList<>();
    containers.add(
        new ContainerBuilder()
            .withName("install-cni-plugin")
            .withImage(pods.cniPluginImage())
            .withImagePullPolicy(pods.imagePullPolicy().orElse(null))
            .withCommand("cp")
            .withArgs("-f", "/flannel", "/opt/cni/bin/flannel")
            .withVolumeMounts(mount("cni-plugin", "/opt/cni/bin"))
            .build());
    psk(network).ifPresent(psk -> containers.add(putInPsk(pods, psk)));
    containers.add(
        new ContainerBuilder()
            .withName("install-cni")
            .withImage(pods.image())
            .withImagePullPolicy(pods.imagePullPolicy().orElse(null))
            .withCommand("/opt/bin/install-conf")
            .withArgs(CONFIG_DIR + "cni-conf.json", "/etc/cni/net.d/10-flannel.conflist")
            .withVolumeMounts(mount("cni", "/etc/cni/net.d"), config(network))
            .build());
    return containers;
  }

  private static Optional<Backend.Wireguard.Psk> psk(WantedNetwork network) {
    return network.backend() instanceof Backend.Wireguard wireguard
        ? wireguard.psk()
        : Optional.empty();
  }

  /** Puts the key into the configuration on the node itself, so that no ConfigMap ever holds it. */
  private static Container putInPsk(Pods pods, Backend.Wireguard.Psk psk) {
    return new ContainerBuilder()
        .withName("put-in-psk")
        .withImage(pods.image())
        .withImagePullPolicy(pods.imagePullPolicy().orElse(null))
        .withCommand("/bin/sh", "-euc")
        .withArgs(
            """
            psk=$(printf %%s "$PSK") # less the newline that `wg genpsk` ends with
            cp %1$scni-conf.json %2$s
            sed "s|%3$s|$psk|" %1$snet-conf.json > %2$snet-conf.json
            """
                .formatted(CONFIG_TEMPLATE_DIR, CONFIG_DIR, Backend.Wireguard.PSK_PLACEHOLDER))
        .addNewEnv()
        .withName("PSK")
        .withNewValueFrom()
        .withNewSecretKeyRef(psk.key(), psk.secret(), false)
        .endValueFrom()
        .endEnv()
        .withVolumeMounts(
            mount(CONFIG_VOLUME, CONFIG_TEMPLATE_DIR), mount(FINISHED_CONFIG_VOLUME, CONFIG_DIR))
        .build();
  }

  private static Container flanneld(WantedNetwork network) {
    Pods pods = network.pods();
    List<String> args = new ArrayList<>();
    if (network.ipMasq()) {
      args.add("--ip-masq");
    }
    args.add("--kube-subnet-mgr");
    args.add("--healthz-ip=127.0.0.1");
    args.add("--healthz-port=" + HEALTH_PORT);
    args.addAll(network.interfaceArgs());
    args.addAll(pods.extraArgs());
    return new ContainerBuilder()
        .withName(CONTAINER)
        .withImage(pods.image())
        .withImagePullPolicy(pods.imagePullPolicy().orElse(null))
        .withCommand("/opt/bin/flanneld")
        .withArgs(args)
        .withLivenessProbe(
            probe("/healthz").withInitialDelaySeconds(10).withPeriodSeconds(30).build())
        .withReadinessProbe(probe("/readyz").withPeriodSeconds(2).build())
        .withNewResources()
        .withLimits(pods.limits())
        .withRequests(pods.requests())
        .endResources()
        .withNewSecurityContext()
        .withPrivileged(false)
        .withNewCapabilities()
        .withAdd("NET_ADMIN", "NET_RAW")
        .endCapabilities()
        .endSecurityContext()
        .withEnv(
            fromField("POD_NAME", "metadata.name"),
            fromField("POD_NAMESPACE", "metadata.namespace"),
            new EnvVar("EVENT_QUEUE_DEPTH", "5000", null),
            new EnvVar("CONT_WHEN_CACHE_NOT_READY", "false", null))
        .withVolumeMounts(
            mount("run", "/run/flannel"),
            config(network),
            mount("xtables-lock", "/run/xtables.lock"))
        .build();
  }

  private static ProbeBuilder probe(String path) {
    return new ProbeBuilder()
        .withNewHttpGet()
        .withHost("127.0.0.1")
        .withPath(path)
        .withPort(new IntOrString(HEALTH_PORT))
        .endHttpGet();
  }

  private static EnvVar fromField(String name, String path) {
    return new EnvVarBuilder()
        .withName(name)
        .withNewValueFrom()
        .withNewFieldRef("v1", path)
        .endValueFrom()
        .build();
  }

  private static VolumeMount config(WantedNetwork network) {
    return mount(psk(network).isPresent() ? FINISHED_CONFIG_VOLUME : CONFIG_VOLUME, CONFIG_DIR);
  }

  private static VolumeMount mount(String volume, String path) {
    return new VolumeMountBuilder().withName(volume).withMountPath(path).build();
  }

  private static List<Volume> volumes(WantedNetwork network, NetConf conf) {
    List<Volume> volumes = new ArrayList<>();
    volumes.add(hostPath("run", "/run/flannel", ""));
    volumes.add(hostPath("cni-plugin", network.cni().binDir(), ""));
    volumes.add(hostPath("cni", network.cni().confDir(), ""));
    volumes.add(
        new VolumeBuilder()
            .withName(CONFIG_VOLUME)
            .withNewConfigMap()
            .withName(Flannel.configMapName(conf.hash()))
            .endConfigMap()
            .build());
    if (psk(network).isPresent()) {
      volumes.add(
          new VolumeBuilder()
              .withName(FINISHED_CONFIG_VOLUME)
              .withNewEmptyDir()
              .withMedium("Memory")
              .endEmptyDir()
              .build());
    }
    volumes.add(hostPath("xtables-lock", "/run/xtables.lock", "FileOrCreate"));
    return volumes;
  }

  private static Volume hostPath(String name, String path, String type) {
    return new VolumeBuilder().withName(name).withNewHostPath(path, type).build();
  }
}
