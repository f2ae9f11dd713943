package io.flannel.operator.flannel.foreign;

import io.fabric8.kubernetes.api.model.ConfigMapVolumeSource;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Volume;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Objects of its namespace that a pod references and would miss.
 *
 * @param serviceAccount the ServiceAccount whose rights it has
 * @param configMaps all that it references, mounted or in its environment
 */
public record PodNeeds(String serviceAccount, Set<String> configMaps) {
  public static PodNeeds of(PodSpec pod) {
    return new PodNeeds(
        Objects.requireNonNullElse(pod.getServiceAccountName(), "default"), configMaps(pod));
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
    return Stream.of(mounted, projected, containers.flatMap(PodNeeds::environment))
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
}
