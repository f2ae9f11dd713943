package io.flannel.operator.runtime;

import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;

/**
 * Has the whole heap collected when it has grown by a quarter since it was last.
 *
 * <p>By itself the serial collector expands the old generation up to the heap's maximum before it
 * looks for garbage there (TenuredGeneration::promote in OpenJDK's
 * src/hotspot/share/gc/serial/tenuredGeneration.cpp), so that an operator which runs for days takes
 * all that it may have, however little lives in it. A collection takes a tenth of a second, and
 * gives back to the system what {@code -XX:MaxHeapFreeRatio} says.
 */
@ApplicationScoped
class PeriodicGc {
  private static final long LOOK_MILLIS = 60_000;

  private final Vertx vertx;

  /** In bytes. The first look collects what the start has left. */
  private long most;

  @Inject
  PeriodicGc(Vertx vertx) {
    this.vertx = vertx;
  }

  void start(@Observes StartupEvent event) {
    vertx.setPeriodic(LOOK_MILLIS, timer -> vertx.executeBlocking(this::look));
  }

  /** Returns the heap's size in bytes. */
  private synchronized long look() {
    Runtime runtime = Runtime.getRuntime();
    if (runtime.totalMemory() > most) {
      System.gc();
      most = runtime.totalMemory() / 4 * 5;
    }
    return runtime.totalMemory();
  }
}
