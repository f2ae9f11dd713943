package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.observe.Unread;
import io.flannel.operator.report.NetworkEvent;
import io.flannel.operator.runtime.ApiErrors;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Writes a FlannelNetwork's status and the Events about its changes, only if it changed.
 *
 * <p>The cache may lag behind our own last write. So a status that differs from the cached one is
 * computed again from the live object before anything is written: times are kept and no Event is
 * emitted twice.
 */
public final class StatusWriter {
  private final KubernetesClient client;
  private final EventRecorder events;

  public StatusWriter(KubernetesClient client, EventRecorder events) {
    this.client = client;
    this.events = events;
  }

  /**
   * Writes the status if it differs from the live one.
   *
   * @param network the FlannelNetwork as cached
   * @param report computes the status, given the previous one
   * @return the status after the write
   */
  public FlannelNetworkStatus write(
      FlannelNetwork network,
      Function<Optional<FlannelNetworkStatus>, FlannelNetworkStatus> report) {
    events.recordHeldBack(network);
    FlannelNetworkStatus status =
        PrintableStatus.of(report.apply(Optional.ofNullable(network.getStatus())));
    if (status.equals(network.getStatus()) && isRead(network)) {
      return status;
    }
    FlannelNetwork live = client.resource(network).get();
    if (live == null || !Objects.equals(uid(live), uid(network))) {
      return status;
    }
    Optional<FlannelNetworkStatus> before = Optional.ofNullable(live.getStatus());
    FlannelNetworkStatus after = PrintableStatus.of(report.apply(before));
    if (before.filter(after::equals).isPresent() && isRead(live)) {
      return after;
    }
    NetworkEvent.between(before, after).forEach(happening -> events.record(live, happening));
    FlannelNetwork patch = new FlannelNetwork();
    patch.setMetadata(
        new ObjectMetaBuilder().withName(live.getMetadata().getName()).withUid(uid(live)).build());
    patch.setStatus(after);
    try {
      if (!isRead(live) || !FieldOwnership.isStatusOf(live, FieldOwnership.FIELD_MANAGER)) {
        merge(live, null);
      }
      apply(patch, live);
    } catch (KubernetesClientException e) {
      if (!ApiErrors.isGone(e)) {
        throw e;
      }
    }
    return after;
  }

  private void apply(FlannelNetwork patch, FlannelNetwork live) {
    try {
      client
          .resource(patch)
          .subresource("status")
          .patch(
              new PatchContext.Builder()
                  .withPatchType(PatchType.SERVER_SIDE_APPLY)
                  .withFieldManager(FieldOwnership.FIELD_MANAGER)
                  .withForce(true)
                  .build());
    } catch (KubernetesClientException e) {
      if (ApiErrors.isGone(e) || Unread.of(live).equals(Unread.NOTHING)) {
        throw e;
      }
      // The API server can't apply to an object that violates its schema.
      merge(live, patch.getStatus());
    }
  }

  /** Replaces what others wrote, which an apply would leave. */
  private void merge(FlannelNetwork live, @Nullable FlannelNetworkStatus status) {
    Map<String, Object> patch = new HashMap<>();
    patch.put("metadata", Map.of("uid", uid(live)));
    patch.put("status", status);
    client
        .resource(live)
        .subresource("status")
        .patch(PatchContext.of(PatchType.JSON_MERGE), Serialization.asJson(patch));
  }

  private static boolean isRead(FlannelNetwork network) {
    return Unread.of(network).in("status").isEmpty();
  }

  private static String uid(FlannelNetwork network) {
    return network.getMetadata().getUid();
  }
}
