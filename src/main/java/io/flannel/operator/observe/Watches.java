package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.networking.v1.ServiceCIDR;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.decide.health.InvalidReports;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.ProbeKey;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherDaemonSet;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.FlannelDaemonSet;
import io.flannel.operator.render.task.NodeTaskPod;
import io.flannel.operator.report.view.NotWatchingException;
import io.javaoperatorsdk.operator.api.config.informer.FieldSelectorBuilder;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.ManagedInformerEventSource;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Everything that the operator watches. Any change enqueues every FlannelNetwork: there is only
 * one, or one in charge and others that wait for it to go.
 *
 * <p>Objects with fixed names are watched by name, not by label, so that removing a label by hand
 * does not look like a deletion, and so that RBAC can be limited to these names. DaemonSets are
 * watched under any name, since another flannel's may have any.
 */
public final class Watches {
  /** Page size when listing: each object may be 100 kB. */
  private static final long AT_ONCE = 50;

  /** Page size for objects that anybody may create, up to the API server's limit of 1.5 MB each. */
  static final long ANYBODYS_AT_ONCE = 5;

  /** The previous version's label. Kept for one version. */
  private static final String EARLIER_TASK_APP = "flannel-node-" + "step";

  private final Map<Class<?>, List<InformerEventSource<?, FlannelNetwork>>> byKind =
      new LinkedHashMap<>();
  private final EventSourceContext<FlannelNetwork> context;
  private final FlannelNodeStore flannelNodes;
  private final FlannelPodStore flannelPods;
  private final DaemonSetStore daemonSets;
  private final GuardedStore<Pod, TaskPod> taskPods;
  private final InvalidReports invalidReports = new InvalidReports();

  /**
   * Creates the watches; the framework starts them.
   *
   * @param agentNamespace namespace of the node agents' DaemonSet, their keys and the tasks' pods
   */
  public Watches(EventSourceContext<FlannelNetwork> context, String agentNamespace, Clock clock) {
    this.context = context;
    this.flannelNodes = new FlannelNodeStore(clock);
    this.flannelPods = new FlannelPodStore(clock);
    this.taskPods = TaskPod.store(clock);
    this.daemonSets = new DaemonSetStore(agentNamespace);
    watch(
        Node.class,
        config ->
            config
                .withInformerListLimit(AT_ONCE)
                .withItemStore(GuardedStore.of(TrimmedNode::of))
                .withOnUpdateFilter(
                    GuardedStore.updated(
                        (now, before) -> !ClusterNode.of(now).equals(ClusterNode.of(before)))));
    watch(FlannelNetwork.class, UnaryOperator.identity());
    watch(Namespace.class, config -> named(config, Flannel.NAMESPACE));
    // In every namespace: another flannel often runs in kube-system.
    watch(
        ServiceAccount.class,
        config ->
            named(config, Flannel.ROLE)
                .withWatchAllNamespaces()
                .withInformerListLimit(ANYBODYS_AT_ONCE)
                .withItemStore(GuardedStore.of(Namesakes::slim)));
    watch(ClusterRole.class, config -> named(config, Flannel.ROLE));
    watch(ClusterRoleBinding.class, config -> named(config, Flannel.ROLE));
    watch(
        ConfigMap.class,
        config ->
            config
                .withLabelSelector(Flannel.NETWORK_LABEL)
                .withNamespaces(Flannel.NAMESPACE)
                .withInformerListLimit(AT_ONCE));
    watch(
        ConfigMap.class,
        config ->
            named(config, ForeignFlannel.CONFIG_MAP)
                .withWatchAllNamespaces()
                .withInformerListLimit(ANYBODYS_AT_ONCE)
                .withItemStore(GuardedStore.of(Namesakes::slim)));
    // Under any name: another flannel's DaemonSet may have any.
    watch(
        DaemonSet.class,
        config ->
            config
                .withInformerListLimit(ANYBODYS_AT_ONCE)
                .withItemStore(daemonSets.items())
                .withWatchAllNamespaces()
                .withOnAddFilter(GuardedStore.added(daemonSets::matters))
                .withOnUpdateFilter(GuardedStore.updated(daemonSets::differ))
                .withOnDeleteFilter(GuardedStore.deleted(daemonSets::matters)));
    watch(Secret.class, config -> named(config, ProbeKey.SECRET).withNamespaces(agentNamespace));
    // A kubelet can make pods of any label for its own node.
    watch(
        Pod.class,
        config ->
            config
                .withLabelSelector("app in (%s, %s)".formatted(NodeTaskPod.APP, EARLIER_TASK_APP))
                .withNamespaces(agentNamespace)
                .withInformerListLimit(ANYBODYS_AT_ONCE)
                .withItemStore(taskPods)
                .withOnUpdateFilter(GuardedStore.updated(TaskPod::differ)));
    watch(
        FlannelNode.class,
        config ->
            config
                .withInformerListLimit(AT_ONCE)
                .withItemStore(flannelNodes.items())
                .withOnUpdateFilter(GuardedStore.updated(FlannelNodeStore::differ)));
    watch(
        Pod.class,
        config ->
            config
                .withLabelSelector("app=" + FlannelDaemonSet.POD_LABELS.get("app"))
                .withNamespaces(Flannel.NAMESPACE)
                .withInformerListLimit(ANYBODYS_AT_ONCE)
                .withItemStore(flannelPods.items())
                .withOnUpdateFilter(GuardedStore.updated(FlannelPodStore::differ)));
    if (context.getClient().supports(ServiceCIDR.class)) {
      watch(ServiceCIDR.class, UnaryOperator.identity());
    }
  }

  private static <R extends HasMetadata> InformerEventSourceConfiguration.Builder<R> named(
      InformerEventSourceConfiguration.Builder<R> config, String name) {
    return config.withFieldSelector(
        new FieldSelectorBuilder().withField("metadata.name", name).build());
  }

  private <R extends HasMetadata> void watch(
      Class<R> kind, UnaryOperator<InformerEventSourceConfiguration.Builder<R>> narrow) {
    var config =
        InformerEventSourceConfiguration.from(kind, FlannelNetwork.class)
            .withSecondaryToPrimaryMapper(ignored -> networks());
    var sources = byKind.computeIfAbsent(kind, any -> new ArrayList<>());
    config.withName(kind.getSimpleName() + (sources.isEmpty() ? "" : sources.size() + 1));
    sources.add(new InformerEventSource<>(narrow.apply(config).build(), context));
  }

  private Set<ResourceID> networks() {
    return context
        .getPrimaryCache()
        .list()
        .map(ResourceID::fromResource)
        .collect(Collectors.toSet());
  }

  public List<EventSource<?, FlannelNetwork>> eventSources() {
    return byKind.values().stream().<EventSource<?, FlannelNetwork>>flatMap(List::stream).toList();
  }

  /** All watches, including the framework's own of FlannelNetworks, for {@link WatchKeeper}. */
  public List<ManagedInformerEventSource<?, ?, ?>> kept(
      EventSourceContext<FlannelNetwork> framework) {
    List<ManagedInformerEventSource<?, ?, ?>> all = new ArrayList<>();
    if (framework.getPrimaryCache() instanceof ManagedInformerEventSource<?, ?, ?> primary) {
      all.add(primary);
    }
    byKind.values().forEach(all::addAll);
    return all;
  }

  /**
   * Returns every object of a kind; none if the cluster does not have the kind.
   *
   * @throws NotWatchingException when the stream is read, if the kind is no longer watched
   */
  public <R extends HasMetadata> Stream<R> list(Class<R> kind) {
    return sources(kind)
        .flatMap(source -> read(source, () -> source.list(any -> true).toList()).stream());
  }

  /**
   * Returns the live counterpart of an object.
   *
   * @throws NotWatchingException if its kind is no longer watched
   */
  public <R extends HasMetadata> Optional<R> find(R like) {
    @SuppressWarnings("unchecked")
    Class<R> kind = (Class<R>) like.getClass();
    return sources(kind)
        .flatMap(source -> read(source, () -> source.get(ResourceID.fromResource(like))).stream())
        .findFirst();
  }

  /**
   * Reads a source's cache and then checks that it was still complete. A source that is stopped,
   * because the operator shuts down or lost its Lease, forgets everything, so its objects would
   * seem to be gone. It reports that it does not run before it forgets.
   */
  private static <T> T read(InformerEventSource<?, ?> source, Supplier<T> cache) {
    T cached = cache.get();
    if (!source.isRunning()) {
      throw new NotWatchingException(source.resourceType().getSimpleName());
    }
    return cached;
  }

  /**
   * The DaemonSets that run a flannel or refer to parts of one, but can't be adopted because of
   * their name or size.
   */
  public List<OtherDaemonSet> otherDaemonSets() {
    return daemonSets.others().sorted(Comparator.comparing(OtherDaemonSet::id)).toList();
  }

  /** Whether any decision depends on a DaemonSet; false if it can't be judged. */
  public boolean matters(DaemonSet daemonSet) {
    return GuardedStore.judged(() -> daemonSets.matters(daemonSet), false);
  }

  /** flannel's pods that are not being deleted, sorted by node. */
  public List<FlannelPod> flannelPods() {
    return flannelPods.pods();
  }

  /** The nodes that have one of our flannel pods, including one that is being deleted. */
  public Set<String> nodesWithFlannelPods() {
    return flannelPods.nodes();
  }

  /** The tasks' pods. */
  public Stream<TaskPod> taskPods() {
    return taskPods.kept();
  }

  /**
   * When our flannel pods that are being deleted end at the latest, by their deletion timestamps.
   */
  public Stream<Instant> flannelPodsEnd() {
    return flannelPods.ends();
  }

  /** When the report in a node's FlannelNode arrived; empty if there is none. */
  public Optional<Instant> reportArrived(String node) {
    return flannelNodes.arrived(node);
  }

  /** What is remembered about reports with impossible values. */
  public InvalidReports invalidReports() {
    return invalidReports;
  }

  /** Whether this fault of a node's report differs from the last one, and so is worth logging. */
  public boolean isNewFault(String node, RuntimeException fault) {
    return flannelNodes.isNewFault(node, fault.toString());
  }

  @SuppressWarnings("unchecked")
  private <R extends HasMetadata> Stream<InformerEventSource<R, FlannelNetwork>> sources(
      Class<R> kind) {
    return byKind.getOrDefault(kind, List.of()).stream()
        .map(source -> (InformerEventSource<R, FlannelNetwork>) source);
  }
}
