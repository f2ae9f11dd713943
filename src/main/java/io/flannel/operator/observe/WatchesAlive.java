package io.flannel.operator.observe;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/**
 * Reports the operator as live unless a watch is dead ({@link WatchKeeper}): an operator that
 * misses changes acts on outdated state. An unreachable API server does not make a watch dead.
 */
@Liveness
@ApplicationScoped
class WatchesAlive implements HealthCheck {
  private final WatchKeeper keeper;

  @Inject
  WatchesAlive(WatchKeeper keeper) {
    this.keeper = keeper;
  }

  @Override
  public HealthCheckResponse call() {
    List<String> dead = keeper.dead();
    var response = HealthCheckResponse.named("watches").status(dead.isEmpty());
    return dead.isEmpty()
        ? response.build()
        : response.withData("dead", String.join(", ", dead)).build();
  }
}
