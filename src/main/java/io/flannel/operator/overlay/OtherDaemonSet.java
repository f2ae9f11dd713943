package io.flannel.operator.overlay;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What matters of a DaemonSet that is not named as upstream's: whether it runs a flannel, and what
 * it would miss if something of another flannel were removed.
 *
 * @param flanneld its first container that runs flanneld, with its image, as {@code kube-flannel
 *     (quay.io/coreos/flannel:v0.12.0-amd64)}; empty if none does
 * @param windows whether its pods run on no Linux node, as those for Windows
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
    PodNeeds needs = PodNeeds.of(pod);
    return new OtherDaemonSet(
        String.valueOf(meta.getNamespace()),
        meta.getName(),
        flanneld(pod).map(it -> "%s (%s)".formatted(it.getName(), it.getImage())).findFirst(),
        !LinuxNodes.mayRun(pod),
        needs.serviceAccount(),
        needs.configMaps());
  }

  /** Those that run it, as long as the pod does: sidecars are init containers, too. */
  private static Stream<Container> flanneld(PodSpec pod) {
    return Stream.concat(
        pod.getContainers().stream().filter(Flanneld::isRunBy),
        pod.getInitContainers().stream()
            .filter(
                init ->
                    "Always".equals(init.getRestartPolicy())
                        ? Flanneld.isRunBy(init)
                        : Flanneld.isToldTo(init)));
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
}
