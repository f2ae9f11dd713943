package io.flannel.operator.decide.lease;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.live.AppliedConfig;
import io.flannel.operator.flannel.live.LiveFlannel;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The configuration in force, which leases must fit and nodes should have. It is the live one, not
 * the wanted one: a change that was refused or that {@code spec.paused} holds back must not
 * invalidate a node's lease. It is the wanted one if no live one can be read, such as before an
 * installation.
 *
 * @param ranges the range of each family that the network carries, IPv4 first
 * @param backendType the backend's type as nodes publish it
 * @param backend the backend with its options; empty if this operator does not know it
 * @param mtu the pods' MTU in bytes; empty if it is not pinned
 */
public record EffectiveConfig(
    List<Cidr> ranges, String backendType, Optional<Backend> backend, OptionalInt mtu) {
  public static EffectiveConfig of(DesiredNetwork wanted, ClusterState cluster) {
    return cluster
        .live()
        .flatMap(LiveFlannel::config)
        .filter(config -> !config.ranges().isEmpty())
        .map(EffectiveConfig::of)
        .orElseGet(
            () ->
                new EffectiveConfig(
                    wanted.ranges(),
                    wanted.backend().type().wireName(),
                    Optional.of(wanted.backend()),
                    wanted.mtu()));
  }

  public static EffectiveConfig of(AppliedConfig config) {
    return new EffectiveConfig(
        config.ranges(), config.backendType(), config.backend(), config.mtu());
  }

  /** The address family that probes use: IPv4 if the network carries it. */
  public Cidr.Family family() {
    return ranges.getFirst().family();
  }
}
