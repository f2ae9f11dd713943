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
 * Server-sent events (text/event-stream) of the networks' changes. While somebody listens to a
 * network, it is looked at once a second, and read only if its {@linkplain Networks#revision
 * revision} is another; all listeners are sent the same text.
 */
@Singleton
class EventStreams {
  private static final Logger LOG = LoggerFactory.getLogger(EventStreams.class);

  /** Browsers open six connections to a host at most; these are several people's. */
  static final int MOST_LISTENERS = 32;

  private static final long BETWEEN_LOOKS_MILLIS = 1000;

  private final Networks networks;
  private final Vertx vertx;

  /** Those that are listened to, by name; guarded by itself. */
  private final Map<String, EventStream> streams = new HashMap<>();

  private long timer = -1;
  private boolean looking;

  @Inject
  EventStreams(Networks networks, Vertx vertx) {
    this.networks = networks;
    this.vertx = vertx;
  }

  /** Sends the network's state, and from then on its changes, until one of the two ends. */
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
        // Who asked has gone while the network was looked for: Vert.x has told it, and does so
        // once.
        return;
      }
      streams.computeIfAbsent(network, name -> new EventStream(name, networks)).add(listener);
      if (timer < 0) {
        timer = vertx.setPeriodic(BETWEEN_LOOKS_MILLIS, again -> look());
      }
    }
    look();
  }

  /** Whether nobody listens, so that nothing runs. */
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

  /** While nobody listens, nothing runs. */
  private void clean() {
    streams.values().removeIf(stream -> stream.size() == 0);
    if (streams.isEmpty() && timer >= 0) {
      vertx.cancelTimer(timer);
      timer = -1;
    }
  }

  /** On a worker thread, since it reads much of a large network; never twice at a time. */
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

  /** Those who listen hear again when the next look succeeds. */
  private static void failed(Throwable failure) {
    if (!(failure instanceof NotWatchingException)) {
      LOG.error("events of the networks could not be sent", failure);
    }
  }
}
