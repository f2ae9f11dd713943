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
 * Everything that the operator watches. A change of any of it brings every FlannelNetwork to be
 * reconciled: there is one, or one in charge and others that wait for it to go.
 *
 * <p>Objects with fixed names are watched by name, not by label, so that removing a label by hand
 * does not look like a deletion, and so that RBAC can be limited to these names. DaemonSets are
 * watched whatever their name, since another flannel's may have any.
 */
public final class Watches {
  /** Maximum number of objects in one answer of the API server: each may be 100 kB. */
  private static final long AT_ONCE = 50;

  /** The same of objects that anybody may make, as large as the API server takes them: 1.5 MB. */
  static final long ANYBODYS_AT_ONCE = 5;

  /** What the version before labels them: for one version. */
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
   * Prepares the watches; the framework starts them.
   *
   * @param agentNamespace where the node agents' DaemonSet, their keys and the tasks' pods are
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
    // In every namespace: a flannel of someone else's often lives in kube-system.
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
    // Of every name: whose flannel runs already may have any.
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
    watch(
        Pod.class,
        config ->
            config
                .withLabelSelector("app in (%s, %s)".formatted(NodeTaskPod.APP, EARLIER_TASK_APP))
                .withNamespaces(agentNamespace)
                .withInformerListLimit(AT_ONCE)
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
                .withInformerListLimit(AT_ONCE)
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

  /** All of them, and the framework's own of the FlannelNetworks, for {@link WatchKeeper}. */
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
   * Every object of a kind that is watched; none of a kind that the cluster does not have.
   *
   * @throws NotWatchingException when the objects are read, if they are not watched any more
   */
  public <R extends HasMetadata> Stream<R> list(Class<R> kind) {
    return sources(kind)
        .flatMap(source -> read(source, () -> source.list(any -> true).toList()).stream());
  }

  /**
   * The live counterpart of an object.
   *
   * @throws NotWatchingException if objects of its kind are not watched any more
   */
  public <R extends HasMetadata> Optional<R> find(R like) {
    @SuppressWarnings("unchecked")
    Class<R> kind = (Class<R>) like.getClass();
    return sources(kind)
        .flatMap(source -> read(source, () -> source.get(ResourceID.fromResource(like))).stream())
        .findFirst();
  }

  /**
   * What a source has, if it still has all. One that is stopped, as when this operator ends or has
   * lost its Lease, forgets everything: its objects would seem to be gone. It says first that it
   * does not run.
   */
  private static <T> T read(InformerEventSource<?, ?> source, Supplier<T> cache) {
    T cached = cache.get();
    if (!source.isRunning()) {
      throw new NotWatchingException(source.resourceType().getSimpleName());
    }
    return cached;
  }

  /**
   * The DaemonSets that run a flannel, or name something of one, and can't be adopted: by their
   * name, or since they are too large.
   */
  public List<OtherDaemonSet> otherDaemonSets() {
    return daemonSets.others().sorted(Comparator.comparing(OtherDaemonSet::id)).toList();
  }

  /** Whether a DaemonSet matters to anything that is decided; what can't be judged is left out. */
  public boolean matters(DaemonSet daemonSet) {
    return GuardedStore.judged(() -> daemonSets.matters(daemonSet), false);
  }

  /** flannel's pods that are not being deleted, by node. */
  public List<FlannelPod> flannelPods() {
    return flannelPods.pods();
  }

  /** The nodes that have a flannel pod of ours, also one that is being deleted. */
  public Set<String> nodesWithFlannelPods() {
    return flannelPods.nodes();
  }

  /** The pods of tasks on nodes. */
  public Stream<TaskPod> taskPods() {
    return taskPods.kept();
  }

  /** When flannel pods of ours that are being deleted end at the latest, as they were told. */
  public Stream<Instant> flannelPodsEnd() {
    return flannelPods.ends();
  }

  /** When the report in a node's FlannelNode arrived; empty: there is none. */
  public Optional<Instant> reportArrived(String node) {
    return flannelNodes.arrived(node);
  }

  /** What is remembered of reports that can't be. */
  public InvalidReports invalidReports() {
    return invalidReports;
  }

  /** Whether this went wrong with a node's report for the first time, so that it is news. */
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
