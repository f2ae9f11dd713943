package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.report.Happening;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * Writes a FlannelNetwork's status, and the Events of what changed in it, only when it changed.
 *
 * <p>The cache may lag behind our own last write. So a status that differs from the cached one is
 * made again from the live object before anything is written: times are kept and nothing is told
 * twice.
 */
final class StatusWriter {
  private final KubernetesClient client;
  private final EventRecorder events;

  StatusWriter(KubernetesClient client, EventRecorder events) {
    this.client = client;
    this.events = events;
  }

  /**
   * Writes the status if it differs from what is there.
   *
   * @param network the FlannelNetwork as the cache has it
   * @param report makes the status, given the one that is there
   * @return the status that is there now
   */
  FlannelNetworkStatus write(
      FlannelNetwork network,
      Function<Optional<FlannelNetworkStatus>, FlannelNetworkStatus> report) {
    events.recordHeldBack(network);
    FlannelNetworkStatus status =
        PrintableStatus.of(report.apply(Optional.ofNullable(network.getStatus())));
    if (status.equals(network.getStatus())) {
      return status;
    }
    FlannelNetwork live = client.resource(network).get();
    if (live == null || !Objects.equals(uid(live), uid(network))) {
      return status;
    }
    Optional<FlannelNetworkStatus> before = Optional.ofNullable(live.getStatus());
    FlannelNetworkStatus after = PrintableStatus.of(report.apply(before));
    if (before.filter(after::equals).isPresent()) {
      return after;
    }
    Happening.between(before, after).forEach(happening -> events.record(live, happening));
    FlannelNetwork patch = new FlannelNetwork();
    patch.setMetadata(
        new ObjectMetaBuilder().withName(live.getMetadata().getName()).withUid(uid(live)).build());
    patch.setStatus(after);
    try {
      client
          .resource(patch)
          .subresource("status")
          .patch(
              new PatchContext.Builder()
                  .withPatchType(PatchType.SERVER_SIDE_APPLY)
                  .withFieldManager(Applier.FIELD_MANAGER)
                  .withForce(true)
                  .build());
    } catch (KubernetesClientException e) {
      if (!ApiFault.isGone(e)) {
        throw e;
      }
    }
    return after;
  }

  private static String uid(FlannelNetwork network) {
    return network.getMetadata().getUid();
  }
}
