package io.flannel.operator.reconcile;

import io.flannel.operator.render.NodeAgentSettings;
import io.flannel.operator.report.metrics.NetworkMetrics;
import io.flannel.operator.runtime.AllEventsControllerConfiguration;
import io.flannel.operator.runtime.ExitOnLostLease;
import io.flannel.operator.runtime.ReconcileRate;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.quarkiverse.operatorsdk.runtime.QuarkusConfigurationService;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** What the operator's parts are given from outside. */
class BeanProducers {
  @Produces
  @Singleton
  Clock clock() {
    return Clock.systemUTC();
  }

  /**
   * None from the framework: in 5.3.2 it counts received events under one name with different tags,
   * which Prometheus' registry refuses by an exception in the informer's thread. {@link
   * NetworkMetrics} counts what is ours.
   */
  @Produces
  @Singleton
  Metrics frameworkMetrics() {
    return Metrics.NOOP;
  }

  /** In place of the extension's own, for the sake of {@link AllEventsControllerConfiguration}. */
  @Produces
  @Singleton
  Operator operator(
      QuarkusConfigurationService configuration,
      FlannelNetworkReconciler reconciler,
      ReconcileRate rate) {
    Operator operator = new Operator(configuration);
    operator.register(
        reconciler,
        new AllEventsControllerConfiguration(
            configuration.getConfigurationFor(reconciler), configuration, rate));
    return operator;
  }

  /** What the node agents' pods take from this installation; the Helm chart says it. */
  @Produces
  @Singleton
  NodeAgentSettings nodeAgents(AgentProperties agent) {
    return new NodeAgentSettings(
        agent.namespace(),
        agent.serviceAccount(),
        agent.image(),
        agent.imagePullPolicy(),
        agent.imagePullSecrets().orElse(List.of()),
        agent.apiServerHost(),
        agent.apiServerPort(),
        Optional.empty());
  }

  /** One of several replicas acts; the others wait, ready to take over. */
  @Produces
  @Singleton
  LeaderElectionConfiguration leaderElection(
      ExitOnLostLease lostLease,
      @ConfigProperty(name = "flannel.instance") String instance,
      LeaseProperties lease) {
    return LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(lease.lease())
        .withLeaseNamespace(lease.namespace())
        .withIdentity(instance)
        .withLeaseDuration(lease.leaseDuration())
        .withRenewDeadline(lease.renewDeadline())
        .withRetryPeriod(lease.retryPeriod())
        .withLeaderCallbacks(lostLease.callbacks())
        .build();
  }
}
