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

/** What the operator's parts get injected from outside. */
class BeanProducers {
  @Produces
  @Singleton
  Clock clock() {
    return Clock.systemUTC();
  }

  /**
   * Turns off the framework's own metrics: 5.3.2 counts received events under one name with
   * different tags, which Prometheus' registry rejects with an exception in the informer's thread.
   * {@link NetworkMetrics} counts what is ours.
   */
  @Produces
  @Singleton
  Metrics frameworkMetrics() {
    return Metrics.NOOP;
  }

  /** Replaces the extension's own bean, to use {@link AllEventsControllerConfiguration}. */
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

  /** What the node agents' pods take from this installation, as set by the Helm chart. */
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

  /** One of several replicas acts; the others stand by. */
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
