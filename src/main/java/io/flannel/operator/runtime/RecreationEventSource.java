package io.flannel.operator.runtime;

import io.flannel.operator.api.FlannelNetwork;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import io.javaoperatorsdk.operator.processing.event.source.IndexerResourceCache;
import io.javaoperatorsdk.operator.processing.event.source.ResourceAction;
import io.javaoperatorsdk.operator.processing.event.source.controller.ResourceEvent;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Looks again for a network that was deleted. Until the reconciler has returned from a deletion,
 * JOSDK 5.3 drops events, including the one that a network of the same name exists again.
 */
public final class RecreationEventSource extends AbstractEventSource<Void, FlannelNetwork> {
  private static final long MILLIS = 200;

  private final IndexerResourceCache<FlannelNetwork> networks;

  public RecreationEventSource(IndexerResourceCache<FlannelNetwork> networks) {
    super(Void.class, "SecondLook");
    this.networks = networks;
  }

  /** Enqueues the network of this name, if there is one after a moment. */
  public void after(FlannelNetwork gone) {
    ResourceID name = ResourceID.fromResource(gone);
    CompletableFuture.delayedExecutor(MILLIS, TimeUnit.MILLISECONDS)
        .execute(
            () ->
                networks
                    .get(name)
                    .map(again -> new ResourceEvent(ResourceAction.ADDED, name, again))
                    .ifPresent(getEventHandler()::handleEvent));
  }

  @Override
  public Set<Void> getSecondaryResources(FlannelNetwork network) {
    return Set.of();
  }
}
