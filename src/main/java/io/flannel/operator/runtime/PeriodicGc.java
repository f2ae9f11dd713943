package io.flannel.operator.runtime;

import io.quarkus.runtime.StartupEvent;
import io.vertx.core.Vertx;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;

/**
 * Collects the whole heap when it has grown by a quarter since the last collection.
 *
 * <p>On its own, the serial collector expands the old generation up to the heap's maximum before it
 * looks for garbage there (TenuredGeneration::promote in OpenJDK's
 * src/hotspot/share/gc/serial/tenuredGeneration.cpp). An operator that runs for days would take all
 * the memory that it may have, however little of it is live. A collection takes a tenth of a
 * second, and returns memory to the system according to {@code -XX:MaxHeapFreeRatio}.
 */
@ApplicationScoped
class PeriodicGc {
  private static final long LOOK_MILLIS = 60_000;

  private final Vertx vertx;

  /**
   * Heap size in bytes above which to collect; 0 makes the first check collect what startup left.
   */
  private long most;

  @Inject
  PeriodicGc(Vertx vertx) {
    this.vertx = vertx;
  }

  void start(@Observes StartupEvent event) {
    vertx.setPeriodic(LOOK_MILLIS, timer -> vertx.executeBlocking(this::look));
  }

  /** Collects if necessary, and returns the heap's size in bytes. */
  private synchronized long look() {
    Runtime runtime = Runtime.getRuntime();
    if (runtime.totalMemory() > most) {
      System.gc();
      most = runtime.totalMemory() / 4 * 5;
    }
    return runtime.totalMemory();
  }
}
