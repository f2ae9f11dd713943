package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.HandOver;
import io.flannel.operator.decide.NodeLease;
import io.flannel.operator.overlay.FoundFlannel;
import io.flannel.operator.overlay.WantedNetwork;
import io.flannel.operator.render.Flannel;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes over a flannel that is equal in effect, without a moment in which nothing owns its pods.
 *
 * <p>One in our namespace: its DaemonSet becomes ours field by field, and what we render is then a
 * rolling update of it. One in another namespace: its DaemonSet leaves node after node, and our pod
 * follows there ({@link HandOver}). How far it is stands in these objects themselves: what was
 * taken over carries {@link FoundFlannel#ADOPTED_BY} until it is removed, last.
 */
final class TakeOver {
  private static final Logger LOG = LoggerFactory.getLogger(TakeOver.class);

  private final KubernetesClient client;
  private final Watches watches;

  /** What this pass marked: the caches lag behind it. */
  private final List<HasMetadata> marked = new ArrayList<>();

  TakeOver(KubernetesClient client, Watches watches) {
    this.client = client;
    this.watches = watches;
  }

  /**
   * Prepares what was found, before our objects are applied.
   *
   * @return what was written of it, as it is now
   * @throws Applier.ApplyException if the API server refuses it
   */
  List<HasMetadata> begin(WantedNetwork wanted, ClusterState cluster) {
    for (FoundFlannel found : cluster.foreign()) {
      List<HasMetadata> old = old(found).toList();
      boolean inOurs = found.namespace().equals(Flannel.NAMESPACE);
      old.stream()
          // Ours by now or in a moment, and no left-over.
          .filter(one -> !inOurs || one instanceof ConfigMap)
          .filter(one -> !isMarked(one))
          .forEach(one -> marked.add(mark(one, wanted)));
      if (inOurs) {
        old.stream().flatMap(one -> only(DaemonSet.class, one)).forEach(this::own);
      }
    }
    return List.copyOf(marked);
  }

  /** Our objects as they are while the other flannel's pods still need the rights they have. */
  static List<HasMetadata> withOldAccount(List<HasMetadata> rendered, ClusterState cluster) {
    return rendered.stream()
        .map(
            object ->
                object instanceof ClusterRoleBinding binding
                    ? withOldAccount(binding, cluster.foreign())
                    : object)
        .toList();
  }

  private static HasMetadata withOldAccount(
      ClusterRoleBinding binding, List<FoundFlannel> foreign) {
    var builder = binding.edit();
    for (FoundFlannel found : foreign) {
      if (!found.namespace().equals(Flannel.NAMESPACE)
          || !found.serviceAccount().equals(Flannel.ROLE)) {
        builder
            .addNewSubject()
            .withKind("ServiceAccount")
            .withName(found.serviceAccount())
            .withNamespace(found.namespace())
            .endSubject();
      }
    }
    return builder.build();
  }

  /** Does the next step, after our objects were applied. */
  void proceed(WantedNetwork wanted, ClusterState cluster, List<NodeLease> leases) {
    if (cluster.live().isEmpty()) {
      return;
    }
    if (cluster.foreign().isEmpty()) {
      if (HandOver.done(cluster.live().get(), leases)) {
        leftOver().toList().forEach(this::delete);
      }
      return;
    }
    FoundFlannel found = cluster.foreign().getFirst();
    HandOver next = HandOver.next(found, cluster.live().get(), wanted, leases);
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
  void removeAll() {
    Stream.concat(watches.list(DaemonSet.class).filter(TakeOver::isMarked), leftOver())
        .toList()
        .forEach(this::delete);
  }

  /** What is left to remove of a flannel that is being taken over, or was. */
  Stream<HasMetadata> leftOver() {
    return Stream.concat(
            marked.stream(),
            Stream.concat(watches.list(ConfigMap.class), watches.list(ServiceAccount.class)))
        .filter(one -> !(one instanceof DaemonSet))
        .filter(TakeOver::isMarked)
        .distinct();
  }

  /** The objects of upstream's that are its own: others have names that ours have, too. */
  private Stream<HasMetadata> old(FoundFlannel found) {
    return Stream.concat(
        Stream.<HasMetadata>concat(
                watches.list(DaemonSet.class).filter(it -> named(it, FoundFlannel.DAEMON_SET)),
                watches.list(ConfigMap.class).filter(it -> named(it, FoundFlannel.CONFIG_MAP)))
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
    return Optional.ofNullable(object.getMetadata().getAnnotations())
        .orElse(Map.of())
        .containsKey(FoundFlannel.ADOPTED_BY);
  }

  private HasMetadata mark(HasMetadata object, WantedNetwork wanted) {
    return patched(
        object,
        PatchType.JSON_MERGE,
        Map.of(
            "metadata",
            Map.of(
                "uid",
                object.getMetadata().getUid(),
                "annotations",
                Map.of(FoundFlannel.ADOPTED_BY, wanted.name()))));
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
                    daemonSet.getMetadata().getManagedFields(), Applier.FIELD_MANAGER)),
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
            LeftNodes.patch(daemonSet, nodes));
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
          "%s could not be taken over: %s".formatted(Applier.name(object), ApiFault.said(e)), e);
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
