package io.flannel.operator.apply;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.runtime.ApiErrors;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens readiness gates of flannel's pods. */
public final class ReadinessGates {
  private static final Logger LOG = LoggerFactory.getLogger(ReadinessGates.class);

  private final KubernetesClient client;
  private final Clock clock;

  public ReadinessGates(KubernetesClient client, Clock clock) {
    this.client = client;
    this.clock = clock;
  }

  /** Opens the gates of the pods with these names. */
  public void open(List<String> pods) {
    for (String pod : pods) {
      try {
        client
            .pods()
            .inNamespace(Flannel.NAMESPACE)
            .withName(pod)
            .subresource("status")
            .patch(
                new PatchContext.Builder()
                    .withPatchType(PatchType.SERVER_SIDE_APPLY)
                    .withFieldManager(FieldOwnership.FIELD_MANAGER)
                    .withForce(true)
                    .build(),
                new PodBuilder()
                    .withNewMetadata()
                    .withName(pod)
                    .endMetadata()
                    .withNewStatus()
                    .addToConditions(
                        new PodConditionBuilder()
                            .withType(RolloutAnnotations.GATE)
                            .withStatus("True")
                            .withReason("TunnelsMeasured")
                            .withMessage("the node reaches all that it reached before")
                            .withLastTransitionTime(
                                clock.instant().truncatedTo(ChronoUnit.SECONDS).toString())
                            .build())
                    .endStatus()
                    .build());
      } catch (KubernetesClientException e) {
        if (!ApiErrors.isGone(e)) {
          throw new Applier.ApplyException(
              "the readiness gate of Pod %s/%s could not be opened: %s"
                  .formatted(Flannel.NAMESPACE, pod, ApiErrors.said(e)),
              e);
        }
      }
    }
    if (!pods.isEmpty()) {
      LOG.info("opened the readiness gates of {} pods", pods.size());
    }
  }
}
