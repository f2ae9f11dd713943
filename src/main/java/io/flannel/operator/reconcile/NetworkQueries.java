package io.flannel.operator.reconcile;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.decide.observation.Observation;
import io.flannel.operator.decide.rollout.RestartGrace;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import io.flannel.operator.observe.AgentReports;
import io.flannel.operator.observe.ClusterObserver;
import io.flannel.operator.observe.NetworkSpec;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.report.view.Networks;
import io.flannel.operator.report.view.ObservedNetwork;
import io.flannel.operator.report.view.Replica;
import io.flannel.operator.runtime.ApiErrors;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers queries about the networks from the watches' caches. */
@Singleton
class NetworkQueries implements Networks {
  private static final Logger LOG = LoggerFactory.getLogger(NetworkQueries.class);

  private final KubernetesClient client;
  private final Clock clock;
  private final LeaderElectionConfiguration election;
  private final String version;
  private final String instance;

  private volatile Optional<String> lastLeader = Optional.empty();
  private volatile @Nullable Watches watches;

  @Inject
  NetworkQueries(
      KubernetesClient client,
      Clock clock,
      LeaderElectionConfiguration election,
      @ConfigProperty(name = "quarkus.application.version") String version,
      @ConfigProperty(name = "flannel.instance") String instance) {
    this.client = client;
    this.clock = clock;
    this.election = election;
    this.version = version;
    this.instance = instance;
  }

  /** From now on, queries read from these watches. */
  void readFrom(Watches started) {
    watches = started;
  }

  @Override
  public Replica replica() {
    return new Replica(version, instance, leader());
  }

  /** The leader's identity; the last known one while the API server does not answer. */
  private Optional<String> leader() {
    try {
      Lease lease =
          client
              .leases()
              .inNamespace(election.getLeaseNamespace().orElse("default"))
              .withName(election.getLeaseName())
              .get();
      lastLeader =
          Optional.ofNullable(lease)
              .map(Lease::getSpec)
              .map(LeaseSpec::getHolderIdentity)
              .filter(holder -> !holder.isEmpty());
    } catch (KubernetesClientException e) {
      LOG.info("the leader's Lease cannot be read, so the last one is told: {}", ApiErrors.said(e));
    }
    return lastLeader;
  }

  @Override
  public List<String> names() {
    return networks().map(network -> network.getMetadata().getName()).sorted().toList();
  }

  @Override
  public Optional<ObservedNetwork> find(String name) {
    return network(name).map(network -> observed(network, Objects.requireNonNull(watches)));
  }

  @Override
  public Optional<String> revision(String name) {
    return network(name)
        .map(network -> network.getMetadata().getResourceVersion() + " " + revisionOfNodes());
  }

  /** Does not depend on the order of the cache. */
  private long revisionOfNodes() {
    return Objects.requireNonNull(watches)
        .list(FlannelNode.class)
        .map(FlannelNode::getMetadata)
        .mapToLong(it -> Objects.hash(it.getName(), it.getResourceVersion()))
        .map(hash -> hash * 0x9E3779B97F4A7C15L)
        .sum();
  }

  private Stream<FlannelNetwork> networks() {
    Watches present = watches;
    return present == null ? Stream.empty() : present.list(FlannelNetwork.class);
  }

  private Optional<FlannelNetwork> network(String name) {
    return networks().filter(network -> network.getMetadata().getName().equals(name)).findFirst();
  }

  private ObservedNetwork observed(FlannelNetwork network, Watches present) {
    return new ObservedNetwork(
        network.getMetadata().getName(),
        network.getMetadata().getGeneration(),
        network.isMarkedForDeletion(),
        network.getSpec(),
        Optional.ofNullable(network.getStatus()),
        evidence(network, present));
  }

  private Optional<ObservedNetwork.Evidence> evidence(FlannelNetwork network, Watches present) {
    DesiredNetwork wanted;
    try {
      wanted = NetworkSpec.wanted(network);
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // The status says what is wrong with it.
    }
    ClusterState cluster = new ClusterObserver(present).observe();
    if (!SpecValidator.inCharge(wanted, cluster)) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    Observation seen =
        Observation.of(
            wanted,
            cluster,
            RestartGrace.told(AgentReports.at(now, present), cluster.pods(), wanted.health(), now),
            Optional.ofNullable(network.getStatus()),
            now);
    return Optional.of(
        new ObservedNetwork.Evidence(
            wanted,
            cluster
                .live()
                .flatMap(LiveFlannel::config)
                .flatMap(AppliedConfig::backend)
                .orElse(wanted.backend()),
            seen.leases(),
            seen.reports(),
            seen.tunnels(),
            now));
  }
}
