package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.adoption.AdoptionStep;
import io.flannel.operator.decide.adoption.AdoptionValidator;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.observe.FieldOwnership;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.runtime.ApiErrors;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes over a flannel that is equal in effect, without a moment in which nothing owns its pods.
 *
 * <p>One in our namespace: its DaemonSet becomes ours field by field, and what we render is then a
 * rolling update of it. One in another namespace: its DaemonSet leaves node after node, and our pod
 * follows there ({@link AdoptionStep}). How far it is stands in these objects themselves: what was
 * taken over carries {@link ForeignFlannel#ADOPTED_BY} until it is removed, last.
 */
public final class AdoptionApplier {
  private static final Logger LOG = LoggerFactory.getLogger(AdoptionApplier.class);

  private final KubernetesClient client;
  private final Watches watches;

  /** What this pass marked: the caches lag behind it. */
  private final List<HasMetadata> marked = new ArrayList<>();

  public AdoptionApplier(KubernetesClient client, Watches watches) {
    this.client = client;
    this.watches = watches;
  }

  /**
   * Prepares what was found, before our objects are applied.
   *
   * @return what was written of it, as it is now
   * @throws Applier.ApplyException if the API server refuses it
   */
  public List<HasMetadata> begin(DesiredNetwork wanted, ClusterState cluster) {
    Optional<ForeignFlannel> candidate = AdoptionValidator.candidate(wanted, cluster);
    if (candidate.isPresent()) {
      ForeignFlannel found = candidate.get();
      List<HasMetadata> old = old(found).toList();
      boolean inOurs = found.namespace().equals(Flannel.NAMESPACE);
      old.stream()
          // Ours by now or in a moment, and no left-over.
          .filter(one -> !inOurs || one instanceof ConfigMap)
          .filter(one -> !isMarkedBy(one, wanted.name()))
          .forEach(one -> marked.add(mark(one, wanted.name())));
      if (inOurs) {
        old.stream().flatMap(one -> only(DaemonSet.class, one)).forEach(this::own);
      }
    }
    return List.copyOf(marked);
  }

  /** Does the next step, after our objects were applied. */
  public void proceed(DesiredNetwork wanted, ClusterState cluster, List<NodeLease> leases) {
    if (cluster.live().isEmpty()) {
      return;
    }
    Optional<ForeignFlannel> candidate = AdoptionValidator.candidate(wanted, cluster);
    if (candidate.isEmpty()) {
      if (AdoptionStep.done(cluster.live().get(), leases)) {
        handBack();
        ours().toList().forEach(this::delete);
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

  /** Deletes all of a flannel that is being taken over: it is a part of the network that goes. */
  public void removeAll() {
    handBack();
    Stream.concat(watches.list(DaemonSet.class).filter(AdoptionApplier::isMarked), ours())
        .toList()
        .forEach(this::delete);
  }

  /** What is left to remove, or to hand back, of a flannel that is being taken over, or was. */
  public Stream<HasMetadata> leftOver() {
    return Stream.concat(
            marked.stream(),
            Stream.concat(watches.list(ConfigMap.class), watches.list(ServiceAccount.class)))
        .filter(one -> !(one instanceof DaemonSet))
        .filter(AdoptionApplier::isMarked)
        .distinct();
  }

  /** Of that, what nobody else names. */
  private Stream<HasMetadata> ours() {
    return leftOver().filter(one -> !isOthersToo(one) && !isOfAPod(one));
  }

  /** What other DaemonSets name as well is theirs from now on. */
  private void handBack() {
    leftOver().filter(this::isOthersToo).toList().forEach(one -> mark(one, null));
  }

  /** Whether a DaemonSet names it that is not taken over, such as that of Windows' nodes. */
  private boolean isOthersToo(HasMetadata object) {
    String namespace = object.getMetadata().getNamespace();
    String name = object.getMetadata().getName();
    return watches.otherDaemonSets().stream()
        .anyMatch(
            other ->
                switch (object) {
                  case ConfigMap _ -> other.usesConfigMap(namespace, name);
                  case ServiceAccount _ -> other.usesAccount(namespace, name);
                  default -> false;
                });
  }

  /** Whether a flannel pod in our namespace that is no part of our DaemonSet still mounts it. */
  private boolean isOfAPod(HasMetadata object) {
    return object instanceof ConfigMap
        && Flannel.NAMESPACE.equals(object.getMetadata().getNamespace())
        && watches.flannelPods().stream()
            .anyMatch(pod -> pod.configHash().equals(object.getMetadata().getName()));
  }

  /** The objects of upstream's that are its own: others have names that ours have, too. */
  private Stream<HasMetadata> old(ForeignFlannel found) {
    return Stream.concat(
        Stream.<HasMetadata>concat(
                watches.list(DaemonSet.class).filter(it -> named(it, ForeignFlannel.DAEMON_SET)),
                watches.list(ConfigMap.class).filter(it -> named(it, ForeignFlannel.CONFIG_MAP)))
            .filter(it -> found.namespace().equals(it.getMetadata().getNamespace())),
        watches
            .list(ServiceAccount.class)
            .filter(it -> named(it, found.serviceAccount()))
            .filter(it -> found.namespace().equals(it.getMetadata().getNamespace())));
  }

  private static boolean named(HasMetadata object, String name) {
    return object.getMetadata().getName().equals(name);
  }

  private static <T> Stream<T> only(Class<T> kind, HasMetadata object) {
    return kind.isInstance(object) ? Stream.of(kind.cast(object)) : Stream.empty();
  }

  private static boolean isMarked(HasMetadata object) {
    return mark(object).isPresent();
  }

  private static boolean isMarkedBy(HasMetadata object, String network) {
    return mark(object).filter(network::equals).isPresent();
  }

  private static Optional<String> mark(HasMetadata object) {
    return Optional.ofNullable(object.getMetadata().getAnnotations())
        .flatMap(annotations -> Optional.ofNullable(annotations.get(ForeignFlannel.ADOPTED_BY)));
  }

  /**
   * Marks it.
   *
   * @param network the FlannelNetwork that takes it over; null: none does
   */
  private HasMetadata mark(HasMetadata object, @Nullable String network) {
    Map<String, @Nullable String> annotations = new HashMap<>();
    annotations.put(ForeignFlannel.ADOPTED_BY, network);
    return patched(
        object,
        PatchType.JSON_MERGE,
        Map.of(
            "metadata", Map.of("uid", object.getMetadata().getUid(), "annotations", annotations)));
  }

  /**
   * Makes us the owner of all its fields, so that what we do not render goes with the apply that
   * follows. Nothing of the DaemonSet itself changes by it.
   */
  private void own(DaemonSet daemonSet) {
    patched(
        daemonSet,
        PatchType.JSON,
        List.of(
            Map.of(
                "op",
                "replace",
                "path",
                "/metadata/managedFields",
                "value",
                FieldOwnership.transferred(
                    daemonSet.getMetadata().getManagedFields(), FieldOwnership.FIELD_MANAGER)),
            Map.of(
                "op",
                "replace",
                "path",
                "/metadata/resourceVersion",
                "value",
                daemonSet.getMetadata().getResourceVersion())));
    LOG.info("took over {}", Applier.name(daemonSet));
  }

  /** Has the DaemonSet leave nodes, and restart no pod for that. */
  private void leave(DaemonSet daemonSet, List<String> nodes) {
    ObjectMeta meta = daemonSet.getMetadata();
    Map<String, Object> spec =
        Map.of(
            "metadata",
            Map.of("resourceVersion", meta.getResourceVersion()),
            "spec",
            NodeExclusion.patch(daemonSet, nodes));
    try {
      patched(daemonSet, PatchType.JSON_MERGE, spec);
      LOG.info("{} leaves {}", Applier.name(daemonSet), nodes);
    } catch (Applier.ApplyException e) {
      if (!(e.getCause() instanceof KubernetesClientException cause)
          || cause.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        throw e;
      }
      // Written by someone meanwhile: the event of that brings the next pass.
    }
  }

  private HasMetadata patched(HasMetadata object, PatchType type, Object patch) {
    try {
      return client.resource(object).patch(PatchContext.of(type), Serialization.asJson(patch));
    } catch (KubernetesClientException e) {
      throw new Applier.ApplyException(
          "%s could not be taken over: %s".formatted(Applier.name(object), ApiErrors.said(e)), e);
    }
  }

  /** Only the object that was seen: another of its name is somebody's new one. */
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
