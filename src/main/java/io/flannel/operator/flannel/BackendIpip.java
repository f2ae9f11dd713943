package io.flannel.operator.flannel;

import io.flannel.operator.api.BackendType;
import java.util.Optional;

/** IPv4 in IPv4, protocol 4 (pkg/backend/ipip). It has no MTU setting: the device takes NIC−20. */
public record BackendIpip(boolean directRouting) implements Backend {
  @Override
  public BackendType type() {
    return BackendType.IPIP;
  }

  @Override
  public Optional<String> device(Cidr.Family family) {
    return family == Cidr.Family.IPV4 ? Optional.of("flannel.ipip") : Optional.empty();
  }

  @Override
  public Optional<String> deviceNames() {
    return Optional.of("flannel[.]ipip");
  }

  @Override
  public Optional<String> linkType() {
    return Optional.of("ipip");
  }

  @Override
  public int overhead() {
    return 20;
  }

  @Override
  public Optional<Encapsulation> encapsulation() {
    return Optional.of(Encapsulation.ipip());
  }

  @Override
  public Optional<String> firewallHole() {
    return Optional.of("IP protocol 4 (IP in IP)");
  }

  @Override
  public boolean carriesIpv6() {
    return false;
  }
}
