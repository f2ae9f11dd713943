package io.flannel.operator.web;

import io.flannel.operator.report.view.Networks;
import io.flannel.operator.report.view.NotWatchingException;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Server-sent events (text/event-stream) of the networks' changes. While a network has subscribers,
 * its {@linkplain Networks#revision revision} is checked once a second, and the network is read
 * only if it changed; all subscribers receive the same text.
 */
@Singleton
class EventStreams {
  private static final Logger LOG = LoggerFactory.getLogger(EventStreams.class);

  /**
   * Maximum number of subscribers. A browser opens at most six connections to a host; this is
   * enough for several people.
   */
  static final int MOST_LISTENERS = 32;

  private static final long BETWEEN_LOOKS_MILLIS = 1000;

  private final Networks networks;
  private final Vertx vertx;

  /** By network name; guarded by itself. */
  private final Map<String, EventStream> streams = new HashMap<>();

  private long timer = -1;
  private boolean looking;

  @Inject
  EventStreams(Networks networks, Vertx vertx) {
    this.networks = networks;
    this.vertx = vertx;
  }

  /**
   * Sends the network's state and then its changes, until the network or the connection is gone.
   */
  void open(RoutingContext context, String network) {
    HttpServerResponse response = context.response();
    synchronized (streams) {
      if (streams.values().stream().mapToInt(EventStream::size).sum() >= MOST_LISTENERS) {
        Responses.error(
            context,
            503,
            "%d pages listen already, which is as many as this operator serves: close some, or ask"
                    .formatted(MOST_LISTENERS)
                + " for /api/networks/"
                + network
                + " now and then");
        return;
      }
      response
          .setChunked(true)
          .putHeader("Content-Type", "text/event-stream")
          .putHeader("X-Accel-Buffering", "no");
      EventSubscriber listener = new EventSubscriber(response);
      response.closeHandler(closed -> remove(network, listener));
      response.exceptionHandler(broken -> remove(network, listener));
      if (response.closed()) {
        // The client disconnected while the network was looked up. Vert.x calls the close handler
        // only once, so it will not be called again.
        return;
      }
      streams.computeIfAbsent(network, name -> new EventStream(name, networks)).add(listener);
      if (timer < 0) {
        timer = vertx.setPeriodic(BETWEEN_LOOKS_MILLIS, again -> look());
      }
    }
    look();
  }

  /** Whether there are no subscribers, so that nothing runs. */
  boolean idle() {
    synchronized (streams) {
      return timer < 0 && !looking;
    }
  }

  private void remove(String network, EventSubscriber listener) {
    synchronized (streams) {
      EventStream stream = streams.get(network);
      if (stream != null) {
        stream.remove(listener);
      }
      clean();
    }
  }

  /** Stops the timer if there are no subscribers left. */
  private void clean() {
    streams.values().removeIf(stream -> stream.size() == 0);
    if (streams.isEmpty() && timer >= 0) {
      vertx.cancelTimer(timer);
      timer = -1;
    }
  }

  /** Runs on a worker thread, since a large network takes long to read; never twice at a time. */
  private void look() {
    List<EventStream> all;
    synchronized (streams) {
      if (looking) {
        return;
      }
      looking = true;
      all = List.copyOf(streams.values());
    }
    vertx
        .executeBlocking(
            () -> {
              all.forEach(EventStream::look);
              return Optional.empty();
            },
            false)
        .onFailure(EventStreams::failed)
        .onComplete(
            done -> {
              synchronized (streams) {
                looking = false;
                clean();
              }
            });
  }

  /** Subscribers are updated when a later attempt succeeds. */
  private static void failed(Throwable failure) {
    if (!(failure instanceof NotWatchingException)) {
      LOG.error("events of the networks could not be sent", failure);
    }
  }
}
