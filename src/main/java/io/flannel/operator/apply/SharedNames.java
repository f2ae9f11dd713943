package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.ManagedFieldsEntry;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.flannel.foreign.BindingSubject;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherDaemonSet;
import io.flannel.operator.observe.BindingSubjects;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.Flannel;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles the objects of a deleted network whose names upstream's flannel shares: Namespace,
 * ServiceAccount, ClusterRole and ClusterRoleBinding. They stay if another flannel uses them by
 * then.
 */
final class SharedNames {
  private static final Logger LOG = LoggerFactory.getLogger(SharedNames.class);

  private static final int MOST_ACCOUNTS = 50;

  private static final long MOST_PODS = 5;

  private final KubernetesClient client;
  private final Watches watches;
  private final Predicate<HasMetadata> ours;
  private final ObjectMeta deleted;

  /**
   * @param ours whether an object is the network's
   * @param deleted the network's metadata
   */
  SharedNames(
      KubernetesClient client, Watches watches, Predicate<HasMetadata> ours, ObjectMeta deleted) {
    this.client = client;
    this.watches = watches;
    this.ours = ours;
    this.deleted = deleted;
  }

  /**
   * Whether the object must stay. A kept object loses our labels, unless another FlannelNetwork is
   * about to take it over.
   */
  boolean keep(HasMetadata live) {
    if (isNeeded(live)) {
      release(live);
      return true;
    }
    return isRight(live) && isAwaited();
  }

  private boolean isNeeded(HasMetadata live) {
    return switch (live) {
      case Namespace _, ServiceAccount _ -> isInUse() || isWrittenByOthers(live);
      case ClusterRole _, ClusterRoleBinding _ ->
          isAnotherThere() || isWrittenByOthers(live) || isUsedByOthersPods();
      default -> false;
    };
  }

  private static boolean isRight(HasMetadata live) {
    return live instanceof ClusterRole || live instanceof ClusterRoleBinding;
  }

  /** Whether someone else's flannel is in the cluster, on whatever nodes. */
  private boolean isAnotherThere() {
    return isInUse()
        || watches.otherDaemonSets().stream().anyMatch(OtherDaemonSet::runsFlannel)
        || watches
            .list(DaemonSet.class)
            .filter(one -> one.getMetadata().getName().equals(Flannel.DAEMON_SET))
            .anyMatch(ours.negate());
  }

  /**
   * Whether our namespace contains someone else's objects. DaemonSets are read from the API server,
   * since the caches may lag behind.
   */
  private boolean isInUse() {
    Stream<HasMetadata> configs =
        watches
            .list(ConfigMap.class)
            .filter(one -> one.getMetadata().getName().equals(ForeignFlannel.CONFIG_MAP))
            .filter(one -> Flannel.NAMESPACE.equals(one.getMetadata().getNamespace()))
            .map(one -> one);
    Stream<HasMetadata> daemonSets =
        client.apps().daemonSets().inNamespace(Flannel.NAMESPACE).list().getItems().stream()
            .map(one -> one);
    return Stream.concat(configs, daemonSets)
        .filter(one -> !one.isMarkedForDeletion())
        .anyMatch(ours.negate());
  }

  /** Whether someone else wrote it after the network was deleted, as an installation does. */
  private boolean isWrittenByOthers(HasMetadata live) {
    Instant since = Instant.parse(deleted.getDeletionTimestamp());
    return live.getMetadata().getManagedFields().stream()
        .filter(
            entry -> !String.valueOf(entry.getManager()).startsWith(FieldOwnership.FIELD_MANAGER))
        .filter(entry -> entry.getSubresource() == null || entry.getSubresource().isEmpty())
        .map(ManagedFieldsEntry::getTime)
        .flatMap(Stream::ofNullable)
        .anyMatch(time -> Instant.parse(time).isAfter(since));
  }

  /**
   * Whether pods run with an account of the binding other than ours: those of a flannel without a
   * DaemonSet. Of many accounts the first are looked at.
   */
  private boolean isUsedByOthersPods() {
    return new BindingSubjects(watches)
        .others(_ -> true).stream()
            .filter(BindingSubject::isAccount)
            .limit(MOST_ACCOUNTS)
            .anyMatch(this::hasPods);
  }

  private boolean hasPods(BindingSubject account) {
    return client
        .pods()
        .inNamespace(account.namespace())
        .withField("spec.serviceAccountName", account.name())
        .list(new ListOptionsBuilder().withLimit(MOST_PODS).build())
        .getItems()
        .stream()
        .anyMatch(pod -> !pod.isMarkedForDeletion());
  }

  /** Whether another FlannelNetwork is about to take over what this one leaves. */
  private boolean isAwaited() {
    return watches
        .list(FlannelNetwork.class)
        .filter(other -> !other.getMetadata().getName().equals(deleted.getName()))
        .anyMatch(other -> !other.isMarkedForDeletion());
  }

  private void release(HasMetadata live) {
    Map<String, @Nullable String> labels = new HashMap<>();
    Optional.ofNullable(live.getMetadata().getLabels()).orElse(Map.of()).keySet().stream()
        .filter(Flannel.OWN_LABELS::contains)
        .forEach(label -> labels.put(label, null));
    client
        .resource(live)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            Serialization.asJson(
                Map.of("metadata", Map.of("uid", live.getMetadata().getUid(), "labels", labels))));
    LOG.info("{} stays: it is another flannel's by now", Applier.name(live));
  }
}
