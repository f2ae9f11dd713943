package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceCIDR;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.decide.ClusterState.ServiceRange;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.flannel.foreign.BindingSubject;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherFlannels;
import io.flannel.operator.flannel.foreign.OtherFlannels.Trace;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.FlannelPods;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.render.Flannel;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads the cluster's state from the informers' caches, without any request to the API server. */
public final class ClusterObserver {
  private final Watches watches;
  private final List<HasMetadata> newer;
  private final Predicate<BindingSubject> exists;

  public ClusterObserver(Watches watches) {
    this(watches, List.of(), any -> true);
  }

  /**
   * Creates an observer that knows more than the caches.
   *
   * @param newer objects as the API server just returned them; they replace the cached versions
   * @param exists whether a ServiceAccount that no watch has reported exists
   */
  public ClusterObserver(
      Watches watches, List<HasMetadata> newer, Predicate<BindingSubject> exists) {
    this.watches = watches;
    this.newer = newer;
    this.exists = exists;
  }

  /**
   * Returns the observer for a reconciliation.
   *
   * @param accounts looks up ServiceAccounts that no watch covers
   * @param network the FlannelNetwork being reconciled, as the reconciliation has it
   * @param written what the reconciliation wrote, as the API server returned it
   */
  public static ClusterObserver of(
      AccountLook accounts, Watches watches, FlannelNetwork network, List<HasMetadata> written) {
    return new ClusterObserver(
        watches, Stream.concat(Stream.of(network), written.stream()).toList(), accounts::isThere);
  }

  public ClusterState observe() {
    Map<String, FlannelNodeStatus> reports = new HashMap<>();
    watches
        .list(FlannelNode.class)
        .filter(node -> node.getStatus() != null)
        .forEach(node -> reports.put(node.getMetadata().getName(), node.getStatus()));
    List<NetworkRef> networks =
        list(FlannelNetwork.class)
            .filter(network -> !network.isMarkedForDeletion())
            .map(NetworkClaim::of)
            .toList();
    return new ClusterState(
        watches
            .list(Node.class)
            .map(node -> observed(node, reports.get(node.getMetadata().getName())))
            .sorted(Comparator.comparing(ClusterNode::name))
            .toList(),
        watches.list(ServiceCIDR.class).flatMap(ClusterObserver::ranges).toList(),
        networks,
        flannels().filter(one -> isOurs(one, networks)).findFirst().map(this::live),
        flannels()
            .filter(one -> !isOurs(one, networks))
            .map(this::found)
            .sorted(Comparator.comparing(ForeignFlannel::namespace))
            .toList(),
        new FlannelPods(watches.flannelPods(), configs()),
        new OtherFlannels(
            watches.otherDaemonSets(),
            new BindingSubjects(watches).others(exists),
            new BindingSubjects(watches).otherRole(),
            traces()));
  }

  /**
   * The objects that this operator wrote. Their label is reliable: the operator restores a lost
   * one, and a remaining one marks what it once owned.
   */
  private List<Trace> traces() {
    return Stream.of(ConfigMap.class, ClusterRole.class, ClusterRoleBinding.class)
        .flatMap(this::list)
        .filter(object -> !object.isMarkedForDeletion())
        .flatMap(object -> trace(object).stream())
        .toList();
  }

  private static Optional<Trace> trace(HasMetadata object) {
    ObjectMeta meta = object.getMetadata();
    return Optional.ofNullable(meta.getLabels())
        .flatMap(labels -> Optional.ofNullable(labels.get(Flannel.NETWORK_LABEL)))
        .map(
            network ->
                new Trace(
                    network,
                    Instant.parse(meta.getCreationTimestamp()),
                    meta.getName().startsWith(Flannel.CONFIG_MAP_PREFIX)));
  }

  private static ClusterNode observed(Node node, @Nullable FlannelNodeStatus report) {
    return ClusterNode.of(node).bootedAt(report == null ? null : report.bootedAt());
  }

  /** Returns the applied configurations by hash, newest first. */
  private Map<String, AppliedConfig> configs() {
    Map<String, AppliedConfig> configs = new LinkedHashMap<>();
    list(ConfigMap.class)
        .filter(map -> map.getMetadata().getName().startsWith(Flannel.CONFIG_MAP_PREFIX))
        .sorted(
            Comparator.comparing((ConfigMap map) -> map.getMetadata().getCreationTimestamp())
                .thenComparing(map -> map.getMetadata().getName())
                .reversed())
        .forEach(
            map ->
                LiveFlannelReader.config(map)
                    .ifPresent(
                        it ->
                            configs.put(LiveFlannelReader.hash(map.getMetadata().getName()), it)));
    return configs;
  }

  /**
   * Every flannel in the cluster, whoever runs it. A DaemonSet that is too large for a flannel is
   * stored without its spec, and is skipped.
   */
  private Stream<DaemonSet> flannels() {
    return list(DaemonSet.class)
        .filter(daemonSet -> daemonSet.getSpec() != null)
        .filter(daemonSet -> Flannel.DAEMON_SET.equals(daemonSet.getMetadata().getName()));
  }

  private <R extends HasMetadata> Stream<R> list(Class<R> kind) {
    List<R> known = newer.stream().filter(kind::isInstance).map(kind::cast).toList();
    return Stream.concat(
        known.stream(),
        watches.list(kind).filter(cached -> known.stream().noneMatch(one -> same(one, cached))));
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
   * Whether this operator applied the DaemonSet. Field ownership decides, since labels are easily
   * edited away. A DaemonSet being adopted already has our ownership but not our template yet, so
   * the template is checked too. One that lost its ownership, such as by a restore from a backup,
   * is ours if it has the network's label or if any network is in force.
   */
  static boolean isOurs(DaemonSet daemonSet, List<NetworkRef> networks) {
    return Flannel.NAMESPACE.equals(daemonSet.getMetadata().getNamespace())
        && LiveFlannelReader.isRendered(daemonSet)
        && (FieldOwnership.isOf(daemonSet, FieldOwnership.FIELD_MANAGER)
            || networks.stream()
                .anyMatch(network -> network.accepted() || isLabelled(daemonSet, network.name())));
  }

  private static boolean isLabelled(DaemonSet daemonSet, String network) {
    return Optional.ofNullable(daemonSet.getMetadata().getLabels())
        .map(labels -> labels.get(Flannel.NETWORK_LABEL))
        .filter(network::equals)
        .isPresent();
  }

  private ForeignFlannel found(DaemonSet daemonSet) {
    return ForeignFlannel.of(
        daemonSet,
        beside(daemonSet, ConfigMap.class, ForeignFlannel.CONFIG_MAP),
        beside(daemonSet, ServiceAccount.class, ForeignFlannel.serviceAccount(daemonSet)));
  }

  /** Finds an object of this kind and name in the DaemonSet's namespace. */
  private <R extends HasMetadata> Optional<R> beside(
      DaemonSet daemonSet, Class<R> kind, String name) {
    String namespace = daemonSet.getMetadata().getNamespace();
    return list(kind)
        .filter(one -> one.getMetadata().getName().equals(name))
        .filter(one -> namespace.equals(one.getMetadata().getNamespace()))
        .findFirst();
  }

  private LiveFlannel live(DaemonSet daemonSet) {
    return LiveFlannelReader.read(
        daemonSet, beside(daemonSet, ConfigMap.class, LiveFlannelReader.configMapName(daemonSet)));
  }
}
