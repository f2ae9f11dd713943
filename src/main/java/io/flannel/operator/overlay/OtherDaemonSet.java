package io.flannel.operator.overlay;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.ConfigMapVolumeSource;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodOS;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What matters of a DaemonSet that is not named as upstream's: whether it runs a flannel, and what
 * it would miss if something of another flannel were removed.
 *
 * @param flanneld its first container that runs flanneld, with its image, as {@code kube-flannel
 *     (quay.io/coreos/flannel:v0.12.0-amd64)}; empty if none does
 * @param windows whether its pods run on Windows' nodes alone
 * @param serviceAccount that of its pods
 * @param configMaps the ConfigMaps that its pods name
 */
public record OtherDaemonSet(
    String namespace,
    String name,
    Optional<String> flanneld,
    boolean windows,
    String serviceAccount,
    Set<String> configMaps) {
  private static final Set<String> OS_LABELS = Set.of("kubernetes.io/os", "beta.kubernetes.io/os");

  private static final String WINDOWS = "windows";

  /** A container's name, and an image's with its tag and digest. */
  private static final int DESCRIPTION = 600;

  private static final int MOST_CONFIG_MAPS = 16;

  /** Reads it. */
  public static OtherDaemonSet of(DaemonSet daemonSet) {
    ObjectMeta meta = daemonSet.getMetadata();
    PodSpec pod =
        Optional.ofNullable(daemonSet.getSpec())
            .flatMap(it -> Optional.ofNullable(it.getTemplate()))
            .flatMap(it -> Optional.ofNullable(it.getSpec()))
            .orElseGet(PodSpec::new);
    return new OtherDaemonSet(
        String.valueOf(meta.getNamespace()),
        meta.getName(),
        pod.getContainers().stream()
            .filter(Flanneld::isRunBy)
            .map(it -> "%s (%s)".formatted(it.getName(), it.getImage()))
            .findFirst(),
        isForWindows(pod),
        Objects.requireNonNullElse(pod.getServiceAccountName(), "default"),
        configMaps(pod));
  }

  /**
   * The same, but of the ConfigMaps only those that are named as flannel's, which are asked for;
   * and nothing of it longer than it honestly is.
   */
  public OtherDaemonSet bounded() {
    return new OtherDaemonSet(
        namespace,
        name,
        flanneld.map(it -> PrintableText.cut(it, DESCRIPTION)),
        windows,
        serviceAccount,
        configMaps.stream()
            .filter(it -> it.startsWith(FoundFlannel.CONFIG_MAP))
            .limit(MOST_CONFIG_MAPS)
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  /** Whether it runs a flannel. */
  public boolean runsFlannel() {
    return flanneld.isPresent();
  }

  /** Whether it runs a flannel on nodes that ours would run on as well. */
  public boolean runsFlannelOnLinux() {
    return runsFlannel() && !windows;
  }

  /** Whether its pods use this ServiceAccount. */
  public boolean usesAccount(String inNamespace, String account) {
    return namespace.equals(inNamespace) && serviceAccount.equals(account);
  }

  /** Whether its pods name this ConfigMap. */
  public boolean usesConfigMap(String inNamespace, String configMap) {
    return namespace.equals(inNamespace) && configMaps.contains(configMap);
  }

  /** As namespace/name. */
  public String id() {
    return namespace + "/" + name;
  }

  private static boolean isForWindows(PodSpec pod) {
    boolean selected =
        orEmpty(pod.getNodeSelector()).entrySet().stream()
            .anyMatch(
                label -> OS_LABELS.contains(label.getKey()) && label.getValue().equals(WINDOWS));
    boolean declared =
        Optional.ofNullable(pod.getOs()).map(PodOS::getName).filter(WINDOWS::equals).isPresent();
    List<NodeSelectorTerm> terms =
        Optional.ofNullable(pod.getAffinity())
            .map(Affinity::getNodeAffinity)
            .map(it -> it.getRequiredDuringSchedulingIgnoredDuringExecution())
            .map(it -> it.getNodeSelectorTerms())
            .orElse(List.of());
    // A node fits if one term does.
    boolean required =
        !terms.isEmpty()
            && terms.stream()
                .allMatch(
                    term ->
                        term.getMatchExpressions().stream().anyMatch(OtherDaemonSet::isWindows));
    return selected || declared || required;
  }

  private static boolean isWindows(NodeSelectorRequirement one) {
    return OS_LABELS.contains(one.getKey())
        && "In".equals(one.getOperator())
        && one.getValues().equals(List.of(WINDOWS));
  }

  private static Set<String> configMaps(PodSpec pod) {
    Stream<String> mounted =
        pod.getVolumes().stream()
            .map(Volume::getConfigMap)
            .filter(Objects::nonNull)
            .map(ConfigMapVolumeSource::getName);
    Stream<String> projected =
        pod.getVolumes().stream()
            .map(Volume::getProjected)
            .filter(Objects::nonNull)
            .flatMap(it -> it.getSources().stream())
            .flatMap(it -> Stream.ofNullable(it.getConfigMap()))
            .map(it -> it.getName());
    Stream<Container> containers =
        Stream.concat(pod.getInitContainers().stream(), pod.getContainers().stream());
    return Stream.of(mounted, projected, containers.flatMap(OtherDaemonSet::environment))
        .flatMap(names -> names)
        .filter(Objects::nonNull)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Stream<String> environment(Container container) {
    return Stream.concat(
        container.getEnvFrom().stream()
            .flatMap(it -> Stream.ofNullable(it.getConfigMapRef()))
            .map(it -> it.getName()),
        container.getEnv().stream()
            .flatMap(it -> Stream.ofNullable(it.getValueFrom()))
            .flatMap(it -> Stream.ofNullable(it.getConfigMapKeyRef()))
            .map(it -> it.getName()));
  }

  private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
    return map == null ? Map.of() : map;
  }
}
