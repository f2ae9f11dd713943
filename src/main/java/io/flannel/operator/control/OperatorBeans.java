package io.flannel.operator.control;

import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetricsV2;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** What the operator's parts are given from outside. */
class OperatorBeans {
  @Produces
  @Singleton
  Clock clock() {
    return Clock.systemUTC();
  }

  /** What the framework counts; the extension's own choice fails on metrics without a resource. */
  @Produces
  @Singleton
  Metrics frameworkMetrics(MeterRegistry registry) {
    return MicrometerMetricsV2.newBuilder(registry).build();
  }

  /** One of several replicas acts; the others wait, ready to take over. */
  @Produces
  @Singleton
  LeaderElectionConfiguration leaderElection(
      @ConfigProperty(name = "flannel.instance") String instance,
      @ConfigProperty(name = "flannel.leader-election.lease") String lease,
      @ConfigProperty(name = "flannel.leader-election.namespace") String namespace,
      @ConfigProperty(name = "flannel.leader-election.lease-duration") Duration leaseDuration,
      @ConfigProperty(name = "flannel.leader-election.renew-deadline") Duration renewDeadline,
      @ConfigProperty(name = "flannel.leader-election.retry-period") Duration retryPeriod) {
    return LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(lease)
        .withLeaseNamespace(namespace)
        .withIdentity(instance)
        .withLeaseDuration(leaseDuration)
        .withRenewDeadline(renewDeadline)
        .withRetryPeriod(retryPeriod)
        .build();
  }
}
