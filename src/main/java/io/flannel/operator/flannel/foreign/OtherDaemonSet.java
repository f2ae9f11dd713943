package io.flannel.operator.flannel.foreign;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.flannel.operator.flannel.PrintableText;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What matters about a DaemonSet that does not have upstream's name: whether it runs flannel, and
 * what it would miss if objects of another flannel were removed.
 *
 * @param flanneld its first container that runs flanneld, with its image, as {@code kube-flannel
 *     (quay.io/coreos/flannel:v0.12.0-amd64)}; empty if none does
 * @param idle whether it is known to have no pods, and to be for no node
 * @param windows whether its pods can run on no Linux node, such as those for Windows
 * @param serviceAccount the ServiceAccount of its pods
 * @param configMaps the ConfigMaps that its pods reference
 */
public record OtherDaemonSet(
    String namespace,
    String name,
    Optional<String> flanneld,
    boolean idle,
    boolean windows,
    String serviceAccount,
    Set<String> configMaps) {
  /** Maximum length: a container's name, and an image's with its tag and digest. */
  private static final int DESCRIPTION = 600;

  private static final int MOST_CONFIG_MAPS = 16;

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
        ForeignFlannel.PodCounts.of(daemonSet).none(),
        !LinuxNodes.mayRun(pod),
        needs.serviceAccount(),
        needs.configMaps());
  }

  /**
   * The containers that run flanneld for as long as the pod lives. Sidecars are init containers,
   * too; an ordinary init container counts only if its command line runs flanneld.
   */
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
   * Returns a bounded copy: it keeps only ConfigMaps named like flannel's, since no others are
   * looked up, and no text longer than it can honestly be.
   */
  public OtherDaemonSet bounded() {
    return new OtherDaemonSet(
        namespace,
        name,
        flanneld.map(it -> PrintableText.cut(it, DESCRIPTION)),
        idle,
        windows,
        serviceAccount,
        configMaps.stream()
            .filter(it -> it.startsWith(ForeignFlannel.CONFIG_MAP))
            .limit(MOST_CONFIG_MAPS)
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  public boolean runsFlannel() {
    return flanneld.isPresent();
  }

  /** Whether it runs flannel on nodes where ours would run, too. */
  public boolean runsFlannelOnLinux() {
    return runsFlannel() && !windows;
  }

  /** Whether its pods use this ServiceAccount. */
  public boolean usesAccount(String inNamespace, String account) {
    return namespace.equals(inNamespace) && serviceAccount.equals(account);
  }

  /** Whether its pods reference this ConfigMap. */
  public boolean usesConfigMap(String inNamespace, String configMap) {
    return namespace.equals(inNamespace) && configMaps.contains(configMap);
  }

  /** As namespace/name. */
  public String id() {
    return namespace + "/" + name;
  }
}
