package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.flannel.operator.overlay.FoundFlannel;
import io.flannel.operator.overlay.OtherDaemonSet;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.NodeAgentDaemonSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps every DaemonSet of the cluster: whole those that are named as flannel's or are the node
 * agents', since they are written; of others that run a flannel, or name something of one, what
 * {@link OtherDaemonSet} reads; of all else, that it is there.
 */
final class DaemonSetStore implements ItemStore<DaemonSet> {
  private final Map<String, DaemonSet> daemonSets = new ConcurrentHashMap<>();

  /** Whether it is named as flannel's, whoever's it is, or as the node agents'. */
  static boolean isOfKnownName(DaemonSet daemonSet) {
    String name = daemonSet.getMetadata().getName();
    return name.equals(Flannel.DAEMON_SET) || name.equals(NodeAgentDaemonSet.NAME);
  }

  /** Whether it matters to anything that is decided. */
  static boolean matters(DaemonSet daemonSet) {
    if (isOfKnownName(daemonSet)) {
      return true;
    }
    OtherDaemonSet other = OtherDaemonSet.of(daemonSet);
    return other.runsFlannel()
        || other.namespace().equals(Flannel.NAMESPACE)
        || other.serviceAccount().equals(Flannel.ROLE)
        || other.configMaps().contains(FoundFlannel.CONFIG_MAP);
  }

  /** Whether the two differ in something that matters; a status does not, but of those we write. */
  static boolean differ(DaemonSet now, DaemonSet before) {
    return isOfKnownName(now)
        || matters(now) != matters(before)
        || (matters(now)
            && (!OtherDaemonSet.of(now).equals(OtherDaemonSet.of(before))
                || now.isMarkedForDeletion() != before.isMarkedForDeletion()));
  }

  @Override
  public String getKey(DaemonSet daemonSet) {
    ObjectMeta meta = daemonSet.getMetadata();
    return meta.getNamespace() + "/" + meta.getName();
  }

  @Override
  public @Nullable DaemonSet put(String key, DaemonSet daemonSet) {
    return daemonSets.put(key, isOfKnownName(daemonSet) ? daemonSet : slim(daemonSet));
  }

  private static DaemonSet slim(DaemonSet daemonSet) {
    ObjectMeta meta = daemonSet.getMetadata();
    var slim =
        new DaemonSetBuilder()
            .withMetadata(
                new ObjectMetaBuilder()
                    .withName(meta.getName())
                    .withNamespace(meta.getNamespace())
                    .withUid(meta.getUid())
                    .withResourceVersion(meta.getResourceVersion())
                    .withCreationTimestamp(meta.getCreationTimestamp())
                    .withDeletionTimestamp(meta.getDeletionTimestamp())
                    .build());
    return matters(daemonSet)
        ? slim.withNewSpec()
            .withNewTemplate()
            .withSpec(slim(daemonSet.getSpec().getTemplate().getSpec()))
            .endTemplate()
            .endSpec()
            .build()
        : slim.build();
  }

  private static PodSpec slim(PodSpec pod) {
    var slim =
        new PodSpecBuilder()
            .withOs(pod.getOs())
            .withServiceAccountName(pod.getServiceAccountName())
            .withNodeSelector(pod.getNodeSelector())
            .withInitContainers(slim(pod.getInitContainers()))
            .withContainers(slim(pod.getContainers()))
            .withVolumes(
                pod.getVolumes().stream()
                    .filter(it -> it.getConfigMap() != null || it.getProjected() != null)
                    .toList());
    return Optional.ofNullable(pod.getAffinity())
        .map(it -> it.getNodeAffinity())
        .map(it -> slim.withNewAffinity().withNodeAffinity(it).endAffinity())
        .orElse(slim)
        .build();
  }

  private static List<Container> slim(List<Container> containers) {
    return containers.stream()
        .map(
            it ->
                new ContainerBuilder()
                    .withName(it.getName())
                    .withImage(it.getImage())
                    .withCommand(it.getCommand())
                    .withArgs(it.getArgs())
                    .withEnv(it.getEnv())
                    .withEnvFrom(it.getEnvFrom())
                    .withRestartPolicy(it.getRestartPolicy())
                    .build())
        .toList();
  }

  @Override
  public @Nullable DaemonSet remove(String key) {
    return daemonSets.remove(key);
  }

  @Override
  public Stream<String> keySet() {
    return daemonSets.keySet().stream();
  }

  @Override
  public Stream<DaemonSet> values() {
    return daemonSets.values().stream();
  }

  @Override
  public int size() {
    return daemonSets.size();
  }

  @Override
  public @Nullable DaemonSet get(String key) {
    return daemonSets.get(key);
  }

  @Override
  public boolean isFullState() {
    return false;
  }
}
