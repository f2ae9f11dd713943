package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.runtime.ApiErrors;

/**
 * Holds back the deletion of a FlannelNetwork with {@code deletionPolicy: Cleanup} until what was
 * rendered is gone. With {@code Retain} it is not there: such an object can be deleted at any time.
 *
 * <p>Applied under a field manager of its own, with nothing but itself, so that putting it on and
 * taking it off can't touch anything else of the object.
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
   * Puts it on or takes it off.
   *
   * @param cleanup whether flannel is to be removed with the network
   * @param beside whether nothing is written beside another's flannel: then there will be nothing
   *     to clean up, and it is not put on
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
    // The uid keeps an apply from bringing a network back that was deleted in between.
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
