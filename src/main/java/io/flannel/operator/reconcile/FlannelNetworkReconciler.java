package io.flannel.operator.reconcile;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.apply.Applier;
import io.flannel.operator.apply.ApplyContext;
import io.flannel.operator.flannel.FieldOwnership;
import io.flannel.operator.observe.WatchKeeper;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.report.metrics.NetworkMetrics;
import io.flannel.operator.report.view.NotWatchingException;
import io.flannel.operator.runtime.AllEventsControllerConfiguration;
import io.flannel.operator.runtime.ApiErrors;
import io.flannel.operator.runtime.ReconcileRate;
import io.flannel.operator.runtime.RecreationEventSource;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.MaxReconciliationInterval;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.retry.GradualRetry;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the cluster what a FlannelNetwork says, one {@link Reconciliation} at a time.
 *
 * <p>Between reconciliations it keeps only since when it acts, and what limits their rate; it reads
 * everything else from the cluster. It receives all events ({@code triggerReconcilerOnAllEvents},
 * see {@link AllEventsControllerConfiguration}), since the finalizer exists only while {@code
 * deletionPolicy} is {@code Cleanup}: an object with {@code Retain} can be deleted while no
 * operator runs.
 */
@ControllerConfiguration(
    name = "flannelnetwork",
    fieldManager = FieldOwnership.FIELD_MANAGER,
    maxReconciliationInterval =
        @MaxReconciliationInterval(interval = 5, timeUnit = TimeUnit.MINUTES))
@GradualRetry(maxAttempts = Integer.MAX_VALUE, initialInterval = 500, maxInterval = 30_000)
public class FlannelNetworkReconciler implements Reconciler<FlannelNetwork> {
  private static final Logger LOG = LoggerFactory.getLogger(FlannelNetworkReconciler.class);

  /** Delay before checking again whether all watches have synced. */
  private static final Duration SYNC_LOOK = Duration.ofSeconds(2);

  private final ApplyContextFactory contexts;
  private final NetworkMetrics metrics;
  private final NetworkQueries shown;
  private final ReconcileRate rate;
  private final WatchKeeper keeper;

  private final Lock reconciling = new ReentrantLock();

  // The framework sets both before the first reconciliation.
  private volatile @Nullable ApplyContext apply;
  private volatile @Nullable RecreationEventSource secondLook;

  /** When this replica first reconciled; a standby never does. */
  private @Nullable Instant actingSince;

  @Inject
  FlannelNetworkReconciler(
      ApplyContextFactory contexts,
      NetworkMetrics metrics,
      NetworkQueries shown,
      ReconcileRate rate,
      WatchKeeper keeper) {
    this.contexts = contexts;
    this.metrics = metrics;
    this.shown = shown;
    this.rate = rate;
    this.keeper = keeper;
  }

  @Override
  public List<EventSource<?, FlannelNetwork>> prepareEventSources(
      EventSourceContext<FlannelNetwork> context) {
    ApplyContext created = contexts.create(context);
    Watches watches = created.watches();
    shown.readFrom(watches);
    keeper.keep(watches.kept(context), reconciling);
    apply = created;
    List<EventSource<?, FlannelNetwork>> sources = new ArrayList<>(watches.eventSources());
    RecreationEventSource look = new RecreationEventSource(context.getPrimaryCache());
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
    // One at a time: two networks would overwrite each other's objects.
    reconciling.lock();
    try {
      if (!keeper.haveSynced()) {
        // What can't be watched yet may exist all the same: its absence means nothing.
        return UpdateControl.<FlannelNetwork>noUpdate().rescheduleAfter(SYNC_LOOK);
      }
      ApplyContext tools = Objects.requireNonNull(apply);
      Instant since = Objects.requireNonNullElseGet(actingSince, tools.clock()::instant);
      actingSince = since;
      Reconciliation reconciliation =
          new Reconciliation(new ReconcileContext(tools, metrics, since), network, context);
      return rate.counted(() -> metrics.timed(reconciliation::run));
    } catch (NotWatchingException e) {
      LOG.info("FlannelNetwork {}: {}; nothing more is written", name(network), e.getMessage());
      return UpdateControl.<FlannelNetwork>noUpdate().rescheduleAfter(SYNC_LOOK);
    } catch (KubernetesClientException e) {
      LOG.warn("FlannelNetwork {}: {}; it is tried again", name(network), ApiErrors.said(e));
      throw e;
    } catch (Applier.ApplyException e) {
      LOG.warn("FlannelNetwork {}: {}; it is tried again", name(network), e.getMessage());
      throw e;
    } catch (RuntimeException e) {
      LOG.error("FlannelNetwork {}: a fault of this operator", name(network), e);
      throw e;
    } finally {
      reconciling.unlock();
    }
  }

  private static String name(FlannelNetwork network) {
    return network.getMetadata().getName();
  }
}
