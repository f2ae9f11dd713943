package io.flannel.operator.render;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.BackendWireguard;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.FlannelVersion;
import io.flannel.operator.flannel.NetConf;
import io.flannel.operator.flannel.PodTemplate;
import io.flannel.operator.flannel.Pods;
import io.flannel.operator.flannel.ShortHash;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * flanneld on every node, as in upstream's manifest (Documentation/kube-flannel.yml). The main
 * differences: the configuration's ConfigMap is named by its hash, and the health port listens on
 * loopback only.
 */
public final class FlannelDaemonSet {
  /** The label that selects flannel's pods; upstream's. */
  public static final Map<String, String> POD_LABELS = Map.of("app", "flannel");

  /** The name of flanneld's container; upstream's. */
  public static final String CONTAINER = "kube-flannel";

  /** The name of the volume with the configuration; upstream's. */
  public static final String CONFIG_VOLUME = "flannel-cfg";

  /** Equal objects give equal text: properties and map entries are sorted. */
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  /** The port of flanneld's health server, on loopback. */
  private static final int HEALTH_PORT = 8081;

  /** The arguments that every flanneld has. */
  public static final List<String> FIXED_ARGS =
      List.of("--kube-subnet-mgr", "--healthz-ip=127.0.0.1", "--healthz-port=" + HEALTH_PORT);

  /** The name of the init container that puts the CNI plugin on the node; upstream's. */
  public static final String CNI_PLUGIN_CONTAINER = "install-cni-plugin";

  /** The name of the init container that puts the pre-shared key into the configuration. */
  public static final String PSK_CONTAINER = "put-in-psk";

  /** The name of the volume that the CNI plugin goes to; upstream's. */
  public static final String CNI_BIN_VOLUME = "cni-plugin";

  /** The name of the volume that the CNI configuration goes to; upstream's. */
  public static final String CNI_CONF_VOLUME = "cni";

  private static final String CONFIG_DIR = "/etc/kube-flannel/";

  /** Where the configuration is mounted that still lacks the pre-shared key, if it needs one. */
  private static final String CONFIG_TEMPLATE_DIR = "/etc/kube-flannel-template/";

  private static final String FINISHED_CONFIG_VOLUME = "flannel-cfg-with-psk";

  private FlannelDaemonSet() {}

  /**
   * The DaemonSet with a template.
   *
   * @param marks what the DaemonSet records of its rollouts
   * @param maxUnavailable how many nodes, or what percentage of them, may be without a ready pod
   */
  static DaemonSet render(
      DesiredNetwork network,
      PodTemplateSpec template,
      RolloutAnnotations marks,
      String maxUnavailable) {
    return new DaemonSetBuilder()
        .withMetadata(Flannel.namespaced(network, Flannel.DAEMON_SET))
        .editMetadata()
        .withAnnotations(marks.annotations())
        .endMetadata()
        .withNewSpec()
        .withNewSelector()
        .withMatchLabels(POD_LABELS)
        .endSelector()
        .withNewUpdateStrategy()
        .withType("RollingUpdate")
        .withNewRollingUpdate()
        .withMaxUnavailable(number(maxUnavailable))
        .endRollingUpdate()
        .endUpdateStrategy()
        .withTemplate(template)
        .endSpec()
        .build();
  }

  /**
   * The pod template; the annotation {@link RolloutAnnotations#REVISION} is a hash of its content.
   *
   * @param apartFrom the namespace of a flannel with which the pods share no node
   */
  static PodTemplateSpec template(
      DesiredNetwork network, NetConf conf, Optional<String> apartFrom) {
    PodTemplateSpec template =
        new PodTemplateSpecBuilder()
            .withNewMetadata()
            .withLabels(POD_LABELS)
            .addToLabels("tier", "node")
            .endMetadata()
            .withSpec(podSpec(network, conf, apartFrom))
            .build();
    return new PodTemplateSpecBuilder(template)
        .editMetadata()
        .addToAnnotations(RolloutAnnotations.REVISION, ShortHash.of(json(template)))
        .endMetadata()
        .build();
  }

  private static String json(PodTemplateSpec template) {
    try {
      return JSON.writeValueAsString(template);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("fabric8's models are JSON", e);
    }
  }

  private static IntOrString number(String text) {
    return text.endsWith("%") ? new IntOrString(text) : new IntOrString(Integer.parseInt(text));
  }

  private static PodSpec podSpec(DesiredNetwork network, NetConf conf, Optional<String> apartFrom) {
    Pods pods = network.pods();
    return new PodSpecBuilder()
        .withHostNetwork(true)
        .withPriorityClassName("system-node-critical")
        .withServiceAccountName(Flannel.ROLE)
        .withNodeSelector(pods.nodeSelector())
        .withAffinity(FlannelAntiAffinity.of(apartFrom))
        .withTolerations(tolerations(network))
        .withImagePullSecrets(
            pods.imagePullSecrets().stream().map(LocalObjectReference::new).toList())
        .withInitContainers(
            initContainers(network, conf).stream().map(FlannelDaemonSet::withLastWords).toList())
        .withContainers(withLastWords(flanneld(network)))
        .addNewReadinessGate(RolloutAnnotations.GATE)
        .withVolumes(volumes(network, conf))
        .build();
  }

  /** Makes the kubelet copy the end of a failed container's log into the Pod's status. */
  private static Container withLastWords(Container container) {
    return container.edit().withTerminationMessagePolicy("FallbackToLogsOnError").build();
  }

  public static List<Toleration> tolerations(DesiredNetwork network) {
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

  private static List<Container> initContainers(DesiredNetwork network, NetConf conf) {
    Pods pods = network.pods();
    List<Container> containers = new ArrayList<>();
    containers.add(
        new ContainerBuilder()
            .withName(CNI_PLUGIN_CONTAINER)
            .withImage(pods.cniPluginImage())
            .withImagePullPolicy(pods.imagePullPolicy().orElse(null))
            .withCommand("cp")
            .withArgs("-f", "/flannel", "/opt/cni/bin/flannel")
            .withVolumeMounts(mount(CNI_BIN_VOLUME, "/opt/cni/bin"))
            .build());
    network.backend().psk().ifPresent(psk -> containers.add(putInPsk(pods, psk)));
    containers.add(
        new ContainerBuilder()
            .withName("install-cni")
            .withImage(pods.image())
            .withImagePullPolicy(pods.imagePullPolicy().orElse(null))
            .withCommand(installConf(pods.image()))
            .withArgs(CONFIG_DIR + "cni-conf.json", "/etc/cni/net.d/10-flannel.conflist")
            .withVolumeMounts(mount(CNI_CONF_VOLUME, "/etc/cni/net.d"), config(network))
            .build());
    // Must be the last: flanneld starts right after it.
    containers.add(RouteKeeperContainer.container(network, conf, mount("run", "/run/flannel")));
    return containers;
  }

  private static List<String> installConf(String image) {
    return FlannelVersion.of(image).hasInstallConf()
        ? List.of("/opt/bin/install-conf")
        : List.of("cp", "-f");
  }

  /** Puts the key into the configuration on the node itself, so that no ConfigMap ever holds it. */
  private static Container putInPsk(Pods pods, Backend.Psk psk) {
    return new ContainerBuilder()
        .withName(PSK_CONTAINER)
        .withImage(pods.image())
        .withImagePullPolicy(pods.imagePullPolicy().orElse(null))
        .withCommand("/bin/sh", "-euc")
        .withArgs(
            """
            psk=$(printf %%s "$PSK") # less the newline that `wg genpsk` ends with
            cp %1$scni-conf.json %2$s
            conf=$(cat %1$snet-conf.json)
            # printf is built into the shell: every user of the node can read a program's arguments.
            printf '%%s\\n' "${conf%%%%%3$s*}$psk${conf#*%3$s}" > %2$snet-conf.json
            """
                .formatted(CONFIG_TEMPLATE_DIR, CONFIG_DIR, BackendWireguard.PSK_PLACEHOLDER))
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

  private static Container flanneld(DesiredNetwork network) {
    Pods pods = network.pods();
    List<String> args = new ArrayList<>();
    if (network.ipMasq()) {
      args.add(PodTemplate.IP_MASQ);
    }
    args.addAll(FIXED_ARGS);
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
        .withReadinessProbe(probe(readiness(pods.image())).withPeriodSeconds(2).build())
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
            DownwardApi.variable("POD_NAME", "metadata.name"),
            DownwardApi.variable("POD_NAMESPACE", "metadata.namespace"),
            new EnvVar("EVENT_QUEUE_DEPTH", "5000", null),
            new EnvVar("CONT_WHEN_CACHE_NOT_READY", "false", null))
        .withVolumeMounts(
            mount("run", "/run/flannel"),
            config(network),
            mount("xtables-lock", "/run/xtables.lock"))
        .build();
  }

  private static String readiness(String image) {
    return FlannelVersion.of(image).hasReadyz() ? "/readyz" : "/healthz";
  }

  /** On a busy node, flanneld needs longer than the kubelet's default of one second to answer. */
  private static ProbeBuilder probe(String path) {
    return new ProbeBuilder()
        .withTimeoutSeconds(5)
        .withNewHttpGet()
        .withHost("127.0.0.1")
        .withPath(path)
        .withPort(new IntOrString(HEALTH_PORT))
        .endHttpGet();
  }

  private static VolumeMount config(DesiredNetwork network) {
    return mount(
        network.backend().psk().isPresent() ? FINISHED_CONFIG_VOLUME : CONFIG_VOLUME, CONFIG_DIR);
  }

  private static VolumeMount mount(String volume, String path) {
    return new VolumeMountBuilder().withName(volume).withMountPath(path).build();
  }

  private static List<Volume> volumes(DesiredNetwork network, NetConf conf) {
    List<Volume> volumes = new ArrayList<>();
    volumes.add(hostPath("run", "/run/flannel", ""));
    volumes.add(hostPath(CNI_BIN_VOLUME, network.cni().binDir(), ""));
    volumes.add(hostPath(CNI_CONF_VOLUME, network.cni().confDir(), ""));
    volumes.add(
        new VolumeBuilder()
            .withName(CONFIG_VOLUME)
            .withNewConfigMap()
            .withName(Flannel.configMapName(conf.hash()))
            .endConfigMap()
            .build());
    if (network.backend().psk().isPresent()) {
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
