package io.flannel.operator.runtime;

import io.flannel.operator.api.FlannelNetwork;
import io.quarkiverse.operatorsdk.runtime.QuarkusConfigurationService;
import io.quarkiverse.operatorsdk.runtime.QuarkusControllerConfiguration;
import java.time.Duration;

/**
 * The reconciler's configuration with {@code triggerReconcilerOnAllEvents}, which the extension
 * reads from the annotation and then drops (seen with 7.7.3). Without it, the reconciler never
 * hears that a network is being deleted. {@link ReconcileRate} limits how often reconciliations
 * begin.
 */
public final class AllEventsControllerConfiguration
    extends QuarkusControllerConfiguration<FlannelNetwork> {
  public AllEventsControllerConfiguration(
      QuarkusControllerConfiguration<FlannelNetwork> annotated,
      QuarkusConfigurationService configuration,
      ReconcileRate rate) {
    super(
        annotated.getInformerConfig(),
        annotated.getName(),
        // An annotation does not change the generation. The watch that compares networks with each
        // other also reports it, but possibly before the reconciler's own cache has it.
        false,
        annotated.getAssociatedReconcilerClassName(),
        annotated.getRetry(),
        rate,
        annotated.maxReconciliationInterval().orElse(Duration.ofMinutes(5)),
        annotated.getFinalizerName(),
        annotated.fieldManager(),
        annotated.getWorkflow(),
        annotated.getResourceTypeName(),
        annotated.getResourceClass());
    setParent(configuration);
  }

  @Override
  public boolean triggerReconcilerOnAllEvents() {
    return true;
  }
}
