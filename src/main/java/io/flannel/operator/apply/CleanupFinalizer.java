package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.runtime.ApiErrors;

/**
 * Holds back the deletion of a FlannelNetwork with {@code deletionPolicy: Cleanup} until everything
 * rendered is gone. It is not set with {@code Retain}: such a network can be deleted at any time.
 *
 * <p>It is applied alone under a separate field manager, so that setting and removing it can't
 * touch any other field.
 */
public final class CleanupFinalizer {
  private static final String NAME = "flannel.io/cleanup";
  private static final String FIELD_MANAGER = FieldOwnership.FIELD_MANAGER + "-finalizer";

  private final KubernetesClient client;

  public CleanupFinalizer(KubernetesClient client) {
    this.client = client;
  }

  public boolean isOn(FlannelNetwork network) {
    return network.hasFinalizer(NAME);
  }

  /**
   * Sets or removes the finalizer.
   *
   * @param cleanup whether flannel is removed with the network
   * @param beside whether nothing is written because another flannel runs: there will be nothing to
   *     clean up, so the finalizer is not set
   */
  public void keep(FlannelNetwork network, boolean cleanup, boolean beside) {
    set(network, cleanup && (isOn(network) || !beside));
  }

  private void set(FlannelNetwork network, boolean wanted) {
    if (isOn(network) != wanted) {
      apply(network, wanted);
    }
  }

  public void remove(FlannelNetwork network) {
    set(network, false);
  }

  private void apply(FlannelNetwork network, boolean on) {
    FlannelNetwork patch = new FlannelNetwork();
    // With the UID, the apply can't recreate a network that was deleted in between.
    var meta =
        new ObjectMetaBuilder()
            .withName(network.getMetadata().getName())
            .withUid(network.getMetadata().getUid());
    patch.setMetadata((on ? meta.withFinalizers(NAME) : meta).build());
    try {
      client.resource(patch).fieldManager(FIELD_MANAGER).forceConflicts().serverSideApply();
    } catch (KubernetesClientException e) {
      if (!ApiErrors.isGone(e)) {
        throw e;
      }
    }
  }
}
