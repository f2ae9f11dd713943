package io.flannel.operator.observe;

import static io.flannel.operator.flannel.OrEmpty.orEmpty;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.flannel.operator.flannel.Backend.Psk;
import io.flannel.operator.flannel.PodTemplate;
import io.flannel.operator.flannel.Pods;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.flannel.live.LiveFlannel.PodCounts;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.FlannelDaemonSet;
import io.flannel.operator.render.NetConfConfigMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads a flannel back from its objects: what {@link FlannelDaemonSet} rendered, the configuration
 * that it mounts, and its pod counts.
 */
public final class LiveFlannelReader {
  private LiveFlannelReader() {}

  /** The name of the ConfigMap that the DaemonSet's pods mount; empty if they mount none. */
  static String configMapName(DaemonSet daemonSet) {
    return configMapName(pod(daemonSet));
  }

  /** Whether this operator rendered its pods: they have a revision or mount a hashed ConfigMap. */
  public static boolean isRendered(DaemonSet daemonSet) {
    return !marks(daemonSet).revision().isEmpty()
        || configMapName(daemonSet).startsWith(Flannel.CONFIG_MAP_PREFIX);
  }

  static String configMapName(PodSpec pod) {
    return volume(pod, FlannelDaemonSet.CONFIG_VOLUME)
        .flatMap(volume -> Optional.ofNullable(volume.getConfigMap()))
        .flatMap(source -> Optional.ofNullable(source.getName()))
        .orElse("");
  }

  /**
   * Reads a flannel.
   *
   * @param configMap the ConfigMap named by {@link #configMapName(DaemonSet)}, if it exists
   */
  public static LiveFlannel read(DaemonSet daemonSet, Optional<ConfigMap> configMap) {
    return new LiveFlannel(
        configHash(pod(daemonSet)),
        configMap.flatMap(LiveFlannelReader::config),
        template(pod(daemonSet)),
        counts(daemonSet),
        marks(daemonSet));
  }

  private static RolloutAnnotations marks(DaemonSet daemonSet) {
    return RolloutAnnotations.read(
        daemonSet.getMetadata().getAnnotations(),
        Optional.ofNullable(daemonSet.getSpec().getTemplate().getMetadata())
            .map(ObjectMeta::getAnnotations)
            .orElse(Map.of()));
  }

  /** The hash of the configuration that a pod mounts; empty if it mounts none. */
  static String configHash(PodSpec pod) {
    return hash(configMapName(pod));
  }

  /** The hash in a ConfigMap's name. */
  public static String hash(String configMap) {
    return configMap.replaceFirst("^" + Flannel.CONFIG_MAP_PREFIX, "");
  }

  private static PodSpec pod(DaemonSet daemonSet) {
    return daemonSet.getSpec().getTemplate().getSpec();
  }

  public static Optional<AppliedConfig> config(ConfigMap configMap) {
    Map<String, String> data = orEmpty(configMap.getData());
    return AppliedConfig.read(
        data.getOrDefault(NetConfConfigMap.NET_CONF, ""),
        data.getOrDefault(NetConfConfigMap.CNI_CONF, "{}"));
  }

  private static PodTemplate template(PodSpec pod) {
    Optional<Container> flanneld = named(pod.getContainers(), FlannelDaemonSet.CONTAINER);
    Optional<ResourceRequirements> resources = flanneld.map(Container::getResources);
    return new PodTemplate(
        flanneld.map(Container::getImage).orElse(""),
        named(pod.getInitContainers(), FlannelDaemonSet.CNI_PLUGIN_CONTAINER)
            .map(Container::getImage)
            .orElse(""),
        flanneld.map(Container::getArgs).orElse(List.of()).stream()
            .filter(arg -> !FlannelDaemonSet.FIXED_ARGS.contains(arg))
            .toList(),
        named(pod.getInitContainers(), FlannelDaemonSet.PSK_CONTAINER)
            .flatMap(LiveFlannelReader::psk),
        hostPath(pod, FlannelDaemonSet.CNI_BIN_VOLUME),
        hostPath(pod, FlannelDaemonSet.CNI_CONF_VOLUME),
        flanneld.map(Container::getImagePullPolicy),
        pod.getImagePullSecrets().stream()
            .map(LocalObjectReference::getName)
            .filter(name -> name != null && !name.isEmpty())
            .toList(),
        quantities(resources, ResourceRequirements::getLimits),
        quantities(resources, ResourceRequirements::getRequests),
        pod.getTolerations().stream().map(LiveFlannelReader::toleration).toList(),
        orEmpty(pod.getNodeSelector()),
        apartFrom(pod));
  }

  private static Optional<String> apartFrom(PodSpec pod) {
    return Optional.ofNullable(pod.getAffinity()).map(Affinity::getPodAntiAffinity).stream()
        .flatMap(it -> it.getRequiredDuringSchedulingIgnoredDuringExecution().stream())
        .flatMap(term -> term.getNamespaces().stream())
        .filter(namespace -> !namespace.equals(ForeignFlannel.SYSTEM_NAMESPACE))
        .findFirst();
  }

  private static Optional<Container> named(List<Container> containers, String name) {
    return containers.stream().filter(container -> name.equals(container.getName())).findFirst();
  }

  private static Optional<Psk> psk(Container container) {
    return container.getEnv().stream()
        .map(EnvVar::getValueFrom)
        .flatMap(source -> Stream.ofNullable(source == null ? null : source.getSecretKeyRef()))
        .map(secret -> new Psk(secret.getName(), secret.getKey()))
        .findFirst();
  }

  private static Optional<Volume> volume(PodSpec pod, String name) {
    return pod.getVolumes().stream().filter(volume -> name.equals(volume.getName())).findFirst();
  }

  private static String hostPath(PodSpec pod, String name) {
    return volume(pod, name)
        .flatMap(volume -> Optional.ofNullable(volume.getHostPath()))
        .flatMap(source -> Optional.ofNullable(source.getPath()))
        .orElse("");
  }

  private static Map<String, Quantity> quantities(
      Optional<ResourceRequirements> resources,
      Function<ResourceRequirements, @Nullable Map<String, Quantity>> which) {
    Map<String, Quantity> amounts = new TreeMap<>();
    resources.map(which).ifPresent(amounts::putAll);
    amounts.values().removeIf(quantity -> !isAmount(quantity));
    return amounts;
  }

  private static boolean isAmount(@Nullable Quantity quantity) {
    try {
      return quantity != null && quantity.getNumericalAmount() != null;
    } catch (IllegalArgumentException | ArithmeticException e) {
      return false;
    }
  }

  private static Pods.Toleration toleration(Toleration live) {
    return new Pods.Toleration(
        live.getKey(),
        live.getOperator() == null ? "Equal" : live.getOperator(),
        live.getValue(),
        live.getEffect(),
        live.getTolerationSeconds());
  }

  private static PodCounts counts(DaemonSet daemonSet) {
    DaemonSetStatus status =
        Optional.ofNullable(daemonSet.getStatus()).orElseGet(DaemonSetStatus::new);
    Long observed = status.getObservedGeneration();
    return new PodCounts(
        observed != null && observed.equals(daemonSet.getMetadata().getGeneration()),
        Objects.requireNonNullElse(status.getDesiredNumberScheduled(), 0),
        Objects.requireNonNullElse(status.getCurrentNumberScheduled(), 0),
        Objects.requireNonNullElse(status.getUpdatedNumberScheduled(), 0),
        Objects.requireNonNullElse(status.getNumberAvailable(), 0));
  }
}
