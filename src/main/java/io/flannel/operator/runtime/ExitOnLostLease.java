package io.flannel.operator.runtime;

import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.interceptor.Interceptor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends a leader that has lost its Lease, because another replica took it or because the API server
 * was unreachable for too long. Another replica may act by then, and two that write would undo each
 * other's work. The kubelet restarts this one, as a standby.
 *
 * <p>JOSDK 5.3.2 lets such a replica go on acting: a configuration from its builder does not exit
 * ({@code exitOnStopLeading} is for tests there).
 */
@Singleton
public class ExitOnLostLease {
  private static final Logger LOG = LoggerFactory.getLogger(ExitOnLostLease.class);
  private static final int EXIT_CODE = 1;

  private volatile boolean stopping;

  /** Runs before the extension stops the operator, which also ends the election. */
  void stopping(@Observes @Priority(Interceptor.Priority.PLATFORM_BEFORE) ShutdownEvent event) {
    stopping = true;
  }

  /** The callbacks for the leader election. */
  public LeaderCallbacks callbacks() {
    return new LeaderCallbacks(() -> {}, this::lost, leader -> {});
  }

  /**
   * Exits at once, even in the middle of a reconciliation: a killed operator continues where it
   * was.
   */
  private void lost() {
    if (stopping) {
      return;
    }
    LOG.error(
        "this replica has lost the Lease by which it acts: another may act now, so it ends itself,"
            + " and begins again as one that stands by");
    Runtime.getRuntime().halt(EXIT_CODE);
  }
}
