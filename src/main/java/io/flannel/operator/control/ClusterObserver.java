package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceCIDR;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.decide.ClusterState.ServiceRange;
import io.flannel.operator.overlay.AppliedConfig;
import io.flannel.operator.overlay.Cidr;
import io.flannel.operator.overlay.ClusterNode;
import io.flannel.operator.overlay.LiveFlannel;
import io.flannel.operator.overlay.LiveFlannel.PodCounts;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.FlannelDaemonSet;
import io.flannel.operator.render.NetConfConfigMap;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads what the cluster holds, from the informers' caches: no request to the API server. */
final class ClusterObserver {
  private final Watches watches;
  private final List<HasMetadata> written;

  ClusterObserver(Watches watches) {
    this(watches, List.of());
  }

  /**
   * An observer that knows more than the caches.
   *
   * @param written objects that were just written, as the API server answered: they stand for what
   *     the caches still have of them
   */
  ClusterObserver(Watches watches, List<HasMetadata> written) {
    this.watches = watches;
    this.written = written;
  }

  ClusterState observe() {
    return new ClusterState(
        watches
            .list(Node.class)
            .map(ClusterNode::of)
            .sorted(Comparator.comparing(ClusterNode::name))
            .toList(),
        watches.list(ServiceCIDR.class).flatMap(ClusterObserver::ranges).toList(),
        watches
            .list(FlannelNetwork.class)
            .filter(network -> !network.isMarkedForDeletion())
            .map(
                network ->
                    new NetworkRef(
                        network.getMetadata().getName(),
                        Instant.parse(network.getMetadata().getCreationTimestamp())))
            .toList(),
        flannels().filter(ClusterObserver::ours).findFirst().map(this::live),
        flannels()
            .filter(daemonSet -> !ours(daemonSet))
            .map(
                daemonSet ->
                    daemonSet.getMetadata().getNamespace()
                        + "/"
                        + daemonSet.getMetadata().getName())
            .sorted()
            .toList());
  }

  /** Every flannel in the cluster, ours or not. */
  private Stream<DaemonSet> flannels() {
    return list(DaemonSet.class)
        .filter(daemonSet -> Flannel.DAEMON_SET.equals(daemonSet.getMetadata().getName()));
  }

  private <R extends HasMetadata> Stream<R> list(Class<R> kind) {
    List<R> newer = written.stream().filter(kind::isInstance).map(kind::cast).toList();
    return Stream.concat(
        newer.stream(),
        watches.list(kind).filter(cached -> newer.stream().noneMatch(one -> same(one, cached))));
  }

  private static boolean same(HasMetadata one, HasMetadata other) {
    return ResourceID.fromResource(one).equals(ResourceID.fromResource(other));
  }

  private static Stream<ServiceRange> ranges(ServiceCIDR serviceCidr) {
    return serviceCidr.getSpec().getCidrs().stream()
        .flatMap(text -> Cidr.tryParse(text).stream())
        .map(range -> new ServiceRange(serviceCidr.getMetadata().getName(), range));
  }

  /**
   * Whether this operator applied it: labels can be edited away, field ownership not by accident.
   */
  private static boolean ours(DaemonSet daemonSet) {
    return Flannel.NAMESPACE.equals(daemonSet.getMetadata().getNamespace())
        && daemonSet.getMetadata().getManagedFields().stream()
            .anyMatch(
                entry ->
                    Applier.FIELD_MANAGER.equals(entry.getManager())
                        && "Apply".equals(entry.getOperation()));
  }

  private LiveFlannel live(DaemonSet daemonSet) {
    var pod = daemonSet.getSpec().getTemplate().getSpec();
    String configMap =
        pod.getVolumes().stream()
            .filter(volume -> FlannelDaemonSet.CONFIG_VOLUME.equals(volume.getName()))
            .filter(volume -> volume.getConfigMap() != null)
            .map(volume -> volume.getConfigMap().getName())
            .findFirst()
            .orElse("");
    return new LiveFlannel(
        configMap.replaceFirst("^" + Flannel.CONFIG_MAP_PREFIX, ""),
        list(ConfigMap.class)
            .filter(candidate -> candidate.getMetadata().getName().equals(configMap))
            .findFirst()
            .flatMap(ClusterObserver::config),
        pod.getContainers().stream()
            .filter(container -> FlannelDaemonSet.CONTAINER.equals(container.getName()))
            .map(container -> container.getImage())
            .findFirst()
            .orElse(""),
        counts(daemonSet));
  }

  private static Optional<AppliedConfig> config(ConfigMap configMap) {
    var data = configMap.getData();
    return AppliedConfig.read(
        data.getOrDefault(NetConfConfigMap.NET_CONF, ""),
        data.getOrDefault(NetConfConfigMap.CNI_CONF, "{}"));
  }

  private static PodCounts counts(DaemonSet daemonSet) {
    DaemonSetStatus status =
        Optional.ofNullable(daemonSet.getStatus()).orElseGet(DaemonSetStatus::new);
    Long observed = status.getObservedGeneration();
    return new PodCounts(
        observed != null && observed.equals(daemonSet.getMetadata().getGeneration()),
        orZero(status.getDesiredNumberScheduled()),
        orZero(status.getCurrentNumberScheduled()),
        orZero(status.getUpdatedNumberScheduled()),
        orZero(status.getNumberAvailable()));
  }

  private static int orZero(@Nullable Integer count) {
    return count == null ? 0 : count;
  }
}
