package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkSpec.DeletionPolicy;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.decide.Acceptance;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.NodeLease;
import io.flannel.operator.overlay.NetConf;
import io.flannel.operator.overlay.WantedNetwork;
import io.flannel.operator.render.Flannel;
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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
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
  private final StatusWriter statusWriter;
  private final CleanupFinalizer finalizer;

  private final Lock passing = new ReentrantLock();

  // Both are set by the framework before the first pass.
  private volatile @Nullable Watches watches;
  private volatile @Nullable SecondLook secondLook;

  @Inject
  FlannelNetworkReconciler(
      KubernetesClient client,
      Clock clock,
      NetworkMetrics metrics,
      @ConfigProperty(name = "flannel.instance") String instance) {
    this.client = client;
    this.clock = clock;
    this.metrics = metrics;
    this.statusWriter = new StatusWriter(client, new EventRecorder(client, clock, instance));
    this.finalizer = new CleanupFinalizer(client);
  }

  @Override
  public List<EventSource<?, FlannelNetwork>> prepareEventSources(
      EventSourceContext<FlannelNetwork> context) {
    Watches started = new Watches(context);
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

    /** What this pass wrote, as the API server answered. */
    private final List<HasMetadata> written = new ArrayList<>();

    Pass(FlannelNetwork network, Context<FlannelNetwork> context, Watches watches) {
      this.network = network;
      this.context = context;
      this.watches = watches;
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
      Optional<Applier.ApplyException> failure = Optional.empty();
      if (decision instanceof Decision.Accept && !paused) {
        failure = apply(wanted);
      }
      FlannelNetworkStatus status = report(wanted, decision, paused, failure);
      if (failure.isPresent()) {
        throw failure.get();
      }
      Rollout rollout = status.rollout();
      boolean rolling = rollout != null && rollout.phase() != Rollout.Phase.COMPLETE;
      if (!rolling && decision instanceof Decision.Accept && !paused) {
        new Remover(client, watches).pruneConfigMaps(NetConf.of(wanted).hash());
      }
      UpdateControl<FlannelNetwork> done = UpdateControl.noUpdate();
      return rolling ? done.rescheduleAfter(Duration.ofSeconds(30)) : done;
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
          new Remover(client, watches).removeAll(wanted);
        }
        finalizer.remove(network);
      }
      return UpdateControl.noUpdate();
    }

    private Optional<Applier.ApplyException> apply(WantedNetwork wanted) {
      try {
        written.addAll(new Applier(client, watches).apply(Flannel.render(wanted), context));
        return Optional.empty();
      } catch (Applier.ApplyException e) {
        return Optional.of(e);
      }
    }

    private FlannelNetworkStatus report(
        WantedNetwork wanted,
        Decision decision,
        boolean paused,
        Optional<Applier.ApplyException> failure) {
      ClusterState cluster = new ClusterObserver(watches, written).observe();
      List<NodeLease> leases = NodeLease.judge(wanted, cluster);
      String hash = NetConf.of(wanted).hash();
      return reported(
          previous ->
              StatusReport.of(
                  new Situation(
                      network.getMetadata().getGeneration(),
                      previous,
                      wanted,
                      decision,
                      cluster,
                      leases,
                      hash,
                      paused,
                      failure.map(Throwable::getMessage),
                      Map.of()),
                  clock));
    }

    private UpdateControl<FlannelNetwork> refused(Decision.Refuse refuse) {
      reported(
          previous ->
              StatusReport.refused(network.getMetadata().getGeneration(), previous, refuse, clock));
      return UpdateControl.noUpdate();
    }

    private FlannelNetworkStatus reported(
        Function<Optional<FlannelNetworkStatus>, FlannelNetworkStatus> report) {
      FlannelNetworkStatus status = statusWriter.write(network, report);
      metrics.record(network.getMetadata().getName(), status);
      return status;
    }
  }
}
