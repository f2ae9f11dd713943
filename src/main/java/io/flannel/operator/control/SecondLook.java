package io.flannel.operator.control;

import io.flannel.operator.api.FlannelNetwork;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.AbstractEventSource;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Brings a network that is gone to be looked at once more: JOSDK 5.3 drops what it hears until the
 * reconciler has returned from a deletion, also that a network of the same name is there again.
 */
final class SecondLook extends AbstractEventSource<Void, FlannelNetwork> {
  private static final long MILLIS = 200;

  SecondLook() {
    super(Void.class, "SecondLook");
  }

  /** Looks for a network of this one's name in a moment; nothing happens if there is none. */
  void after(FlannelNetwork gone) {
    Event event = new Event(ResourceID.fromResource(gone));
    CompletableFuture.delayedExecutor(MILLIS, TimeUnit.MILLISECONDS)
        .execute(() -> getEventHandler().handleEvent(event));
  }

  @Override
  public Set<Void> getSecondaryResources(FlannelNetwork network) {
    return Set.of();
  }
}
