package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.flannel.ProbeKey;
import io.flannel.operator.render.ProbeKeySecret;
import io.flannel.operator.runtime.ApiErrors;
import java.net.HttpURLConnection;
import java.security.SecureRandom;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Maintains the Secret with the network's probe keys. Agents work without it, only less well, so a
 * refusal by the API server is only logged. The Secret's content is never logged.
 */
public final class ProbeKeys {
  private static final Logger LOG = LoggerFactory.getLogger(ProbeKeys.class);

  private final ApplyContext context;
  private final SecureRandom random = new SecureRandom();

  public ProbeKeys(ApplyContext context) {
    this.context = context;
  }

  /** Creates, repairs or renews the Secret if that is due. */
  public void keep(DesiredNetwork network) {
    Optional<Secret> cached = context.watches().find(ProbeKeySecret.named(context.agents()));
    if (cached.filter(it -> ProbeKeySecret.holds(it, render(network, it))).isPresent()) {
      return;
    }
    try {
      write(network);
    } catch (KubernetesClientException e) {
      if (!ApiErrors.isAnswer(e)) {
        throw e;
      }
      // Someone else wrote it first, and the watch will report that.
      if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        LOG.warn(
            "Secret {}/{} could not be written: {}. The node agents go on with the keys that they"
                + " have, or without any; grant the operator its rights as the Helm chart has them",
            context.agents().namespace(),
            ProbeKey.SECRET,
            ApiErrors.said(e));
      }
    }
  }

  /**
   * Reads the live Secret first: the cache may lag behind the last write, whose keys must not be
   * replaced by new ones.
   */
  private void write(DesiredNetwork network) {
    Secret live = context.client().resource(ProbeKeySecret.named(context.agents())).get();
    Secret wanted = render(network, live);
    if (live != null && ProbeKeySecret.holds(live, wanted)) {
      return;
    }
    if (live != null && !ProbeKeySecret.canBeWritten(live)) {
      context.client().resource(live).delete();
      LOG.info("deleted {}, which could not be changed", Applier.name(live));
    } else if (live != null) {
      wanted.getMetadata().setResourceVersion(live.getMetadata().getResourceVersion());
    }
    context
        .client()
        .resource(wanted)
        .fieldManager(FieldOwnership.FIELD_MANAGER)
        .forceConflicts()
        .serverSideApply();
    LOG.info("applied {}", Applier.name(wanted));
  }

  private Secret render(DesiredNetwork network, @Nullable Secret live) {
    return ProbeKeySecret.render(
        network, context.agents(), live, context.clock().instant(), this::key);
  }

  private byte[] key() {
    byte[] key = new byte[ProbeKey.BYTES];
    random.nextBytes(key);
    return key;
  }
}
