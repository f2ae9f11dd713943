package io.flannel.operator.web;

import io.vertx.core.http.HttpServerResponse;
import java.time.Duration;

/**
 * Somebody who listens. One that does not read as fast as things change is sent no more until it
 * does, and then what is true by then: nothing queues up.
 */
final class EventSubscriber {
  /** Connections that carry nothing are cut by proxies. */
  private static final long SILENCE_NANOS = Duration.ofSeconds(15).toNanos();

  private final HttpServerResponse response;

  // Only one look at a time sends.
  private String sentState = "";
  private String sentMesh = "";
  private long sentAt = System.nanoTime();

  EventSubscriber(HttpServerResponse response) {
    this.response = response;
  }

  /** Sends what is another than was last sent to this one. */
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

  /** Whether nobody is there any more. */
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
