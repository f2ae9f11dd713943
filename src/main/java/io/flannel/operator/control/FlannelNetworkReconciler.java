package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkSpec.DeletionPolicy;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.decide.Acceptance;
import io.flannel.operator.decide.AgentReport;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.NodeLease;
import io.flannel.operator.decide.NodePlan;
import io.flannel.operator.decide.TunnelVerdicts;
import io.flannel.operator.overlay.NetConf;
import io.flannel.operator.overlay.WantedNetwork;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.NodeAgentDaemonSet;
import io.flannel.operator.render.NodeAgentSettings;
import io.flannel.operator.report.Situation;
import io.flannel.operator.report.StatusReport;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.retry.GradualRetry;
import jakarta.inject.Inject;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the cluster to what a FlannelNetwork says: observe, decide, render, apply, report.
 *
 * <p>It keeps nothing between two passes; what it needs to know it reads from the cluster. All
 * events come here ({@code triggerReconcilerOnAllEvents}, see {@link EveryEvent}), since the
 * finalizer is there only while {@code deletionPolicy} is {@code Cleanup}: an object with {@code
 * Retain} can be deleted while no operator runs.
 */
@ControllerConfiguration(
    name = "flannelnetwork",
    fieldManager = Applier.FIELD_MANAGER,
    maxReconciliationInterval =
        @MaxReconciliationInterval(interval = 5, timeUnit = TimeUnit.MINUTES))
@GradualRetry(maxAttempts = Integer.MAX_VALUE, initialInterval = 500, maxInterval = 30_000)
public class FlannelNetworkReconciler implements Reconciler<FlannelNetwork> {
  private static final Logger LOG = LoggerFactory.getLogger(FlannelNetworkReconciler.class);

  private final KubernetesClient client;
  private final Clock clock;
  private final NetworkMetrics metrics;
  private final NodeAgentSettings agents;
  private final StatusWriter statusWriter;
  private final CleanupFinalizer finalizer;

  /** A rollout that goes on is looked at so often, whether or not anything happens. */
  private static final Duration ROLLOUT_LOOK = Duration.ofSeconds(30);

  private final Lock passing = new ReentrantLock();

  // Both are set by the framework before the first pass.
  private volatile @Nullable Watches watches;
  private volatile @Nullable SecondLook secondLook;

  @Inject
  FlannelNetworkReconciler(
      KubernetesClient client,
      Clock clock,
      NetworkMetrics metrics,
      NodeAgentSettings agents,
      @ConfigProperty(name = "flannel.instance") String instance) {
    this.client = client;
    this.agents = agents;
    this.clock = clock;
    this.metrics = metrics;
    this.statusWriter = new StatusWriter(client, new EventRecorder(client, clock, instance));
    this.finalizer = new CleanupFinalizer(client);
  }

  @Override
  public List<EventSource<?, FlannelNetwork>> prepareEventSources(
      EventSourceContext<FlannelNetwork> context) {
    Watches started = new Watches(context, agents.namespace(), clock);
    watches = started;
    List<EventSource<?, FlannelNetwork>> sources = new ArrayList<>(started.eventSources());
    SecondLook look = new SecondLook(context.getPrimaryCache());
    secondLook = look;
    sources.add(look);
    return sources;
  }

  @Override
  public UpdateControl<FlannelNetwork> reconcile(
      FlannelNetwork network, Context<FlannelNetwork> context) {
    if (context.isPrimaryResourceDeleted()) {
      metrics.forget(name(network));
      Objects.requireNonNull(secondLook).after(network);
      return UpdateControl.noUpdate();
    }
    // One at a time: two networks would take each other's objects.
    passing.lock();
    try {
      return metrics.timed(new Pass(network, context, Objects.requireNonNull(watches))::run);
    } catch (KubernetesClientException e) {
      LOG.warn("FlannelNetwork {}: {}; it is tried again", name(network), ApiFault.said(e));
      throw e;
    } catch (Applier.ApplyException e) {
      LOG.warn("FlannelNetwork {}: {}; it is tried again", name(network), e.getMessage());
      throw e;
    } catch (RuntimeException e) {
      LOG.error("FlannelNetwork {}: a fault of this operator", name(network), e);
      throw e;
    } finally {
      passing.unlock();
    }
  }

  private static String name(FlannelNetwork network) {
    return network.getMetadata().getName();
  }

  /** One pass over one FlannelNetwork. */
  private final class Pass {
    private final FlannelNetwork network;
    private final Context<FlannelNetwork> context;
    private final Watches watches;

    private final Remover remover;
    private final FlannelNodes flannelNodes;

    /** What this pass wrote, as the API server answered. */
    private final List<HasMetadata> written = new ArrayList<>();

    Pass(FlannelNetwork network, Context<FlannelNetwork> context, Watches watches) {
      this.network = network;
      this.context = context;
      this.watches = watches;
      this.remover = new Remover(client, watches, agents);
      this.flannelNodes = new FlannelNodes(client, watches, clock);
    }

    UpdateControl<FlannelNetwork> run() {
      WantedNetwork wanted;
      try {
        wanted = WantedNetwork.of(network.getMetadata().getName(), network.getSpec());
      } catch (IllegalArgumentException e) {
        return refused(
            new Decision.Refuse(
                "InvalidSpec",
                String.valueOf(e.getMessage()),
                "correct the field and apply again"));
      }
      boolean paused = Boolean.TRUE.equals(network.getSpec().paused());
      if (network.isMarkedForDeletion()) {
        return deleted(wanted, paused);
      }
      ClusterState cluster = new ClusterObserver(watches).observe();
      Decision decision = Acceptance.judge(wanted, cluster);
      if (decision instanceof Decision.Refuse refuse && !Acceptance.inCharge(wanted, cluster)) {
        return refused(refuse);
      }
      if (!paused) {
        finalizer.keep(network, network.getSpec().deletionPolicy() == DeletionPolicy.CLEANUP);
      }
      boolean writing = decision instanceof Decision.Accept && !paused;
      Optional<Applier.ApplyException> failure =
          writing ? failureOf(() -> apply(wanted)) : Optional.empty();
      ClusterState now =
          written.isEmpty() ? cluster : new ClusterObserver(watches, written).observe();
      List<NodeLease> leases = NodeLease.judge(wanted, now);
      Map<String, AgentReport> reports = flannelNodes.reports();
      if (writing && failure.isEmpty()) {
        failure = failureOf(() -> tellAgents(wanted, NodePlan.of(wanted, now, leases, reports)));
      }
      String hash = NetConf.of(wanted).hash();
      Optional<String> applyError = failure.map(Throwable::getMessage);
      Function<Optional<FlannelNetworkStatus>, Situation> situation =
          previous ->
              new Situation(
                  network.getMetadata().getGeneration(),
                  previous,
                  wanted,
                  decision,
                  now,
                  leases,
                  hash,
                  paused,
                  applyError,
                  reports);
      FlannelNetworkStatus status =
          statusWriter.write(
              network, previous -> StatusReport.of(situation.apply(previous), clock));
      Optional<TunnelVerdicts> tunnels = situation.apply(Optional.of(status)).tunnels();
      metrics.record(
          wanted.name(), status, tunnels.map(TunnelVerdicts::nodes).orElseGet(TreeMap::new));
      if (failure.isPresent()) {
        throw failure.get();
      }
      Rollout rollout = status.rollout();
      boolean rolling = rollout != null && rollout.phase() != Rollout.Phase.COMPLETE;
      if (!rolling && writing) {
        remover.pruneConfigMaps(hash);
      }
      Stream<Duration> looks =
          Stream.concat(
              rolling ? Stream.of(ROLLOUT_LOOK) : Stream.empty(),
              tunnels.flatMap(TunnelVerdicts::lookAgain).stream());
      UpdateControl<FlannelNetwork> done = UpdateControl.noUpdate();
      return looks.min(Comparator.naturalOrder()).map(done::rescheduleAfter).orElse(done);
    }

    private void apply(WantedNetwork wanted) {
      List<HasMetadata> rendered = new ArrayList<>(Flannel.render(wanted));
      if (wanted.health().enabled()) {
        rendered.add(NodeAgentDaemonSet.render(wanted, agents));
      } else {
        remover.removeAgents(wanted);
      }
      written.addAll(new Applier(client, watches).apply(rendered, context));
    }

    private void tellAgents(WantedNetwork wanted, Map<String, FlannelNodeSpec> specs) {
      if (wanted.health().enabled()) {
        flannelNodes.write(wanted, specs);
      } else {
        flannelNodes.deleteAll(wanted.name());
      }
    }

    private Optional<Applier.ApplyException> failureOf(Runnable writes) {
      try {
        writes.run();
        return Optional.empty();
      } catch (Applier.ApplyException e) {
        return Optional.of(e);
      }
    }

    private UpdateControl<FlannelNetwork> deleted(WantedNetwork wanted, boolean paused) {
      if (finalizer.isOn(network) && paused) {
        return refused(
            new Decision.Refuse(
                "DeletionPaused",
                "it is deleted with deletionPolicy Cleanup, but spec.paused is set: nothing is"
                    + " removed",
                "set spec.paused to false to remove flannel, or deletionPolicy to Retain to keep"
                    + " it"));
      }
      if (finalizer.isOn(network)) {
        if (network.getSpec().deletionPolicy() == DeletionPolicy.CLEANUP) {
          flannelNodes.deleteAll(wanted.name());
          remover.removeAll(wanted);
        }
        finalizer.remove(network);
      }
      return UpdateControl.noUpdate();
    }

    private UpdateControl<FlannelNetwork> refused(Decision.Refuse refuse) {
      FlannelNetworkStatus status =
          statusWriter.write(
              network,
              previous ->
                  StatusReport.refused(
                      network.getMetadata().getGeneration(), previous, refuse, clock));
      metrics.record(name(network), status, Map.of());
      return UpdateControl.noUpdate();
    }
  }
}
