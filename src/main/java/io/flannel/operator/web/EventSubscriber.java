package io.flannel.operator.web;

import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;

/**
 * A subscriber. One that reads too slowly is skipped until it has caught up and then gets the
 * current state: nothing queues up.
 */
final class EventSubscriber {
  /** Proxies close idle connections, so a comment is sent after this long. */
  private static final long SILENCE_NANOS = Duration.ofSeconds(15).toNanos();

  private final HttpServerResponse response;

  // Unguarded: only one thread sends at a time.
  private String sentState = "";
  private String sentMesh = "";
  private long sentAt = System.nanoTime();

  EventSubscriber(HttpServerResponse response) {
    this.response = response;
  }

  /** Sends what differs from what was last sent to this subscriber. */
  void send(String state, String mesh) {
    long now = System.nanoTime();
    if (response.writeQueueFull() || response.closed()) {
      return;
    }
    if (!state.equals(sentState)) {
      write(state, now);
      sentState = state;
    }
    if (!mesh.equals(sentMesh)) {
      write(mesh, now);
      sentMesh = mesh;
    }
    if (now - sentAt > SILENCE_NANOS) {
      write(": nothing new\n\n", now);
    }
  }

  /** Whether the client has disconnected. */
  boolean isClosed() {
    return response.closed();
  }

  void end(String last) {
    if (!response.closed()) {
      response.end(last);
    }
  }

  private void write(String text, long now) {
    response.write(text);
    sentAt = now;
  }
}
