package io.flannel.operator.reconcile;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.apply.ApplyContext;
import io.flannel.operator.apply.EventRecorder;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.NodeAgentSettings;
import io.flannel.operator.runtime.OwnDeployment;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Creates what reconciliations change the cluster with, once the framework is available. */
@Singleton
class ApplyContextFactory {
  private final KubernetesClient client;
  private final Clock clock;
  private final NodeAgentSettings agents;
  private final EventRecorder events;
  private final String deployment;

  @Inject
  ApplyContextFactory(
      KubernetesClient client,
      Clock clock,
      NodeAgentSettings agents,
      @ConfigProperty(name = "flannel.instance") String instance,
      @ConfigProperty(name = "flannel.deployment") String deployment) {
    this.client = client;
    this.clock = clock;
    this.agents = agents;
    this.events = new EventRecorder(client, clock, instance);
    this.deployment = deployment;
  }

  /**
   * Creates it with watches that the framework has yet to start, and reads the owner of this
   * operator's objects.
   */
  ApplyContext create(EventSourceContext<FlannelNetwork> framework) {
    return new ApplyContext(
        client,
        new Watches(framework, agents.namespace(), clock),
        agents.ownedBy(OwnDeployment.owner(client, agents.namespace(), deployment)),
        events,
        clock);
  }
}
