package io.flannel.operator.flannel;

import io.flannel.operator.api.BackendType;
import java.util.Optional;

/** Plain routes to the peers' addresses (pkg/backend/hostgw). */
public record BackendHostGw() implements Backend {
  @Override
  public BackendType type() {
    return BackendType.HOST_GW;
  }

  @Override
  public Optional<String> device(Cidr.Family family) {
    return Optional.empty();
  }

  @Override
  public Optional<String> deviceNames() {
    return Optional.empty();
  }

  @Override
  public int overhead() {
    return 0;
  }

  @Override
  public Optional<Encapsulation> encapsulation() {
    return Optional.empty();
  }

  @Override
  public boolean directRouting() {
    return true;
  }
}
