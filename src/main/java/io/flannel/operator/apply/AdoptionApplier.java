package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.adoption.AdoptionStep;
import io.flannel.operator.decide.adoption.AdoptionValidator;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.flannel.foreign.AdoptionMark;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherDaemonSet;
import io.flannel.operator.flannel.foreign.PodNeeds;
import io.flannel.operator.observe.LiveFlannelReader;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.runtime.ApiErrors;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Adopts a flannel that is equal in effect, so that something owns its pods at every moment.
 *
 * <p>In our namespace, its DaemonSet becomes ours field by field, and what we render is then a
 * rolling update of it. In another namespace, its DaemonSet leaves one node after another, and our
 * pod follows there ({@link AdoptionStep}). The objects themselves record the progress: an adopted
 * object carries an {@link AdoptionMark} until it is removed at the end.
 */
public final class AdoptionApplier {
  private static final Logger LOG = LoggerFactory.getLogger(AdoptionApplier.class);

  /** Page size when listing pods. */
  private static final long PODS_AT_ONCE = 100;

  /** The phases of a pod whose containers no longer start. */
  private static final Set<String> OVER = Set.of("Succeeded", "Failed");

  private final KubernetesClient client;
  private final Watches watches;

  /** What this reconciliation marked, which the caches don't show yet. */
  private final List<HasMetadata> marked = new ArrayList<>();

  public AdoptionApplier(KubernetesClient client, Watches watches) {
    this.client = client;
    this.watches = watches;
  }

  /**
   * Prepares the flannel that was found, before our objects are applied. Also claims a DaemonSet of
   * ours for which the API server has lost the field owners, such as after a restore from a backup.
   * Otherwise fields that we no longer render would stay in it.
   *
   * @return the objects written, as the API server returned them
   * @throws Applier.ApplyException if the API server refuses a request
   */
  public List<HasMetadata> begin(DesiredNetwork wanted, ClusterState cluster) {
    Optional<ForeignFlannel> candidate = AdoptionValidator.candidate(wanted, cluster);
    if (candidate.isPresent()) {
      ForeignFlannel found = candidate.get();
      List<HasMetadata> old = old(found).toList();
      boolean inOurs = found.namespace().equals(Flannel.NAMESPACE);
      old.stream()
          // In our namespace these become ours; they are no left-overs.
          .filter(one -> !inOurs || one instanceof ConfigMap)
          .filter(one -> !isMarkedBy(one, wanted.name()))
          .forEach(one -> marked.add(mark(one, wanted.name())));
      if (inOurs) {
        old.stream().flatMap(one -> only(DaemonSet.class, one)).forEach(this::own);
      }
    }
    if (cluster.live().isPresent()) {
      daemonSets()
          .filter(one -> Flannel.NAMESPACE.equals(one.getMetadata().getNamespace()))
          .filter(LiveFlannelReader::isRendered)
          .filter(one -> !FieldOwnership.isComplete(one, FieldOwnership.FIELD_MANAGER))
          .forEach(this::own);
    }
    return List.copyOf(marked);
  }

  /** Does the next step, after our objects have been applied. */
  public void proceed(DesiredNetwork wanted, ClusterState cluster, List<NodeLease> leases) {
    if (cluster.live().isEmpty()) {
      return;
    }
    Optional<ForeignFlannel> candidate = AdoptionValidator.candidate(wanted, cluster);
    if (candidate.isEmpty()) {
      if (AdoptionStep.done(cluster.live().get(), leases)) {
        removeLeftOver(leftOver(wanted).toList());
      }
      return;
    }
    ForeignFlannel found = candidate.get();
    AdoptionStep next = AdoptionStep.next(found, cluster.live().get(), wanted, leases);
    old(found)
        .flatMap(one -> only(DaemonSet.class, one))
        .forEach(
            daemonSet -> {
              if (next.finished()) {
                delete(daemonSet);
              } else if (!next.leaving().isEmpty()) {
                leave(daemonSet, next.leaving().stream().map(node -> node.name()).toList());
              }
            });
  }

  /** Deletes all of a flannel that is being adopted: it is part of the network being deleted. */
  public void removeAll(DesiredNetwork network) {
    Predicate<HasMetadata> marked = one -> isMarkedBy(one, network.name());
    removeLeftOver(leftOver(network).filter(marked).toList());
    daemonSets().filter(marked).toList().forEach(this::delete);
  }

  /**
   * The objects still to be removed, or released, of a flannel that was adopted or is being adopted
   * by this network or by a previous one that is gone.
   */
  public Stream<HasMetadata> leftOver(DesiredNetwork network) {
    return Stream.concat(
            marked.stream(),
            Stream.concat(watches.list(ConfigMap.class), watches.list(ServiceAccount.class)))
        .filter(one -> !(one instanceof DaemonSet))
        .filter(one -> mark(one).filter(by -> isHeir(network.name(), by)).isPresent())
        .distinct();
  }

  private boolean isHeir(String network, String of) {
    return network.equals(of)
        || watches
            .list(FlannelNetwork.class)
            .noneMatch(other -> other.getMetadata().getName().equals(of));
  }

  /** Removes these objects, but only unmarks those that others refer to as well. */
  private void removeLeftOver(List<HasMetadata> left) {
    Map<String, List<PodNeeds>> needs = new HashMap<>();
    for (HasMetadata one : left) {
      if (one.isMarkedForDeletion()) {
        continue;
      }
      List<PodNeeds> pods =
          needs.computeIfAbsent(one.getMetadata().getNamespace(), this::needsOfOthersPods);
      if (isOthersToo(one, pods)) {
        unmark(one);
      } else if (!isOfAPod(one)) {
        delete(one);
      }
    }
  }

  /**
   * Whether anything that is not adopted refers to it: a DaemonSet, such as that for Windows nodes,
   * or any pod.
   */
  private boolean isOthersToo(HasMetadata object, List<PodNeeds> pods) {
    String namespace = object.getMetadata().getNamespace();
    String name = object.getMetadata().getName();
    List<OtherDaemonSet> daemonSets = watches.otherDaemonSets();
    return switch (object) {
      case ConfigMap _ ->
          daemonSets.stream().anyMatch(one -> one.usesConfigMap(namespace, name))
              || pods.stream().anyMatch(one -> one.configMaps().contains(name));
      case ServiceAccount _ ->
          daemonSets.stream().anyMatch(one -> one.usesAccount(namespace, name))
              || pods.stream().anyMatch(one -> one.serviceAccount().equals(name));
      default -> false;
    };
  }

  /**
   * What the pods of a namespace refer to, read from the API server. Pods that have ended and
   * flannel's own are left out.
   */
  private List<PodNeeds> needsOfOthersPods(String namespace) {
    Set<PodNeeds> needs = new LinkedHashSet<>();
    @Nullable String next = null;
    do {
      PodList some =
          client
              .pods()
              .inNamespace(namespace)
              .list(new ListOptionsBuilder().withLimit(PODS_AT_ONCE).withContinue(next).build());
      some.getItems().stream()
          .filter(AdoptionApplier::isOthers)
          .map(pod -> PodNeeds.of(pod.getSpec()))
          .forEach(needs::add);
      next = some.getMetadata().getContinue();
    } while (next != null && !next.isEmpty());
    return List.copyOf(needs);
  }

  private static boolean isOthers(Pod pod) {
    boolean over =
        pod.isMarkedForDeletion()
            || (pod.getStatus() != null
                && OVER.contains(String.valueOf(pod.getStatus().getPhase())));
    boolean flannels =
        pod.getMetadata().getOwnerReferences().stream()
            .anyMatch(
                owner ->
                    Boolean.TRUE.equals(owner.getController())
                        && owner.getKind().equals("DaemonSet")
                        && owner.getName().equals(ForeignFlannel.DAEMON_SET));
    return !over && !flannels;
  }

  /**
   * Whether a flannel pod in our namespace that does not belong to our DaemonSet still mounts it.
   */
  private boolean isOfAPod(HasMetadata object) {
    return object instanceof ConfigMap
        && Flannel.NAMESPACE.equals(object.getMetadata().getNamespace())
        && watches.flannelPods().stream()
            .anyMatch(pod -> pod.configHash().equals(object.getMetadata().getName()));
  }

  /**
   * The objects that belong to this flannel alone: its other objects share their names with ours.
   */
  private Stream<HasMetadata> old(ForeignFlannel found) {
    return Stream.concat(
        Stream.<HasMetadata>concat(
                daemonSets(),
                watches.list(ConfigMap.class).filter(it -> named(it, ForeignFlannel.CONFIG_MAP)))
            .filter(it -> found.namespace().equals(it.getMetadata().getNamespace())),
        watches
            .list(ServiceAccount.class)
            .filter(it -> named(it, found.serviceAccount()))
            .filter(it -> found.namespace().equals(it.getMetadata().getNamespace())));
  }

  /** All DaemonSets with flannel's name, including ours. */
  private Stream<DaemonSet> daemonSets() {
    return watches.list(DaemonSet.class).filter(it -> named(it, ForeignFlannel.DAEMON_SET));
  }

  private static boolean named(HasMetadata object, String name) {
    return object.getMetadata().getName().equals(name);
  }

  private static <T> Stream<T> only(Class<T> kind, HasMetadata object) {
    return kind.isInstance(object) ? Stream.of(kind.cast(object)) : Stream.empty();
  }

  private static boolean isMarkedBy(HasMetadata object, String network) {
    return mark(object).filter(network::equals).isPresent();
  }

  private static Optional<String> mark(HasMetadata object) {
    return AdoptionMark.of(object.getMetadata());
  }

  /** Marks an object, by a server-side apply of the mark alone. */
  private HasMetadata mark(HasMetadata object, String network) {
    return applied(object, Map.of("annotations", Map.of(AdoptionMark.KEY, network)));
  }

  /** Removes the mark, whoever wrote it. */
  private void unmark(HasMetadata object) {
    Map<String, @Nullable String> annotations = new HashMap<>();
    annotations.put(AdoptionMark.KEY, null);
    patched(
        object,
        PatchContext.of(PatchType.JSON_MERGE),
        Map.of(
            "metadata", Map.of("uid", object.getMetadata().getUid(), "annotations", annotations)));
  }

  /** Applies only these metadata fields, and only to the object with the same UID. */
  private <T extends HasMetadata> T applied(T object, Map<String, Object> more) {
    Map<String, Object> metadata = new HashMap<>(more);
    metadata.put("name", object.getMetadata().getName());
    metadata.put("namespace", object.getMetadata().getNamespace());
    metadata.put("uid", object.getMetadata().getUid());
    return patched(
        object,
        new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager(FieldOwnership.FIELD_MANAGER)
            .withForce(true)
            .build(),
        Map.of(
            "apiVersion", object.getApiVersion(), "kind", object.getKind(), "metadata", metadata));
  }

  /**
   * Makes us the owner of all its fields, so that the following apply removes what we do not
   * render. The DaemonSet itself does not change. If it has no managed fields, an empty apply first
   * makes the API server track them.
   */
  private void own(DaemonSet daemonSet) {
    DaemonSet counted =
        daemonSet.getMetadata().getManagedFields().isEmpty()
            ? applied(daemonSet, Map.of())
            : daemonSet;
    patched(
        counted,
        PatchContext.of(PatchType.JSON),
        List.of(
            // In JSON Patch, "add" also replaces an existing value.
            Map.of(
                "op",
                "add",
                "path",
                "/metadata/managedFields",
                "value",
                FieldOwnership.transferred(
                    counted.getMetadata().getManagedFields(), FieldOwnership.FIELD_MANAGER)),
            Map.of(
                "op",
                "replace",
                "path",
                "/metadata/resourceVersion",
                "value",
                counted.getMetadata().getResourceVersion())));
    LOG.info("took over {}", Applier.name(daemonSet));
  }

  /** Makes the DaemonSet leave nodes without a restart of its other pods. */
  private void leave(DaemonSet daemonSet, List<String> nodes) {
    ObjectMeta meta = daemonSet.getMetadata();
    Map<String, Object> spec =
        Map.of(
            "metadata",
            Map.of("resourceVersion", meta.getResourceVersion()),
            "spec",
            NodeExclusion.patch(daemonSet, nodes));
    try {
      patched(daemonSet, PatchContext.of(PatchType.JSON_MERGE), spec);
      LOG.info("{} leaves {}", Applier.name(daemonSet), nodes);
    } catch (Applier.ApplyException e) {
      if (!(e.getCause() instanceof KubernetesClientException cause)
          || cause.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        throw e;
      }
      // Someone else wrote it in between: their event triggers the next reconciliation.
    }
  }

  private <T extends HasMetadata> T patched(T object, PatchContext how, Object patch) {
    try {
      return client.resource(object).patch(how, Serialization.asJson(patch));
    } catch (KubernetesClientException e) {
      throw new Applier.ApplyException(
          "%s could not be taken over: %s".formatted(Applier.name(object), ApiErrors.said(e)), e);
    }
  }

  /**
   * Deletes only the object that was seen: one with the same name and another UID is someone's new
   * one.
   */
  private void delete(HasMetadata object) {
    if (object.isMarkedForDeletion()) {
      return;
    }
    HasMetadata live = client.resource(object).get();
    if (live != null && live.getMetadata().getUid().equals(object.getMetadata().getUid())) {
      client.resource(live).delete();
      LOG.info("deleted {}, which was taken over", Applier.name(object));
    }
  }
}
