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
 * What is in force, which a lease has to fit and a node should have: a change that was refused, or
 * that {@code spec.paused} holds, takes no node's lease away. Before anything is in force, what is
 * wanted.
 *
 * @param ranges of each family that the network carries, IPv4 first
 * @param backendType as nodes publish it
 * @param backend the same with its options; empty for one that we do not know
 * @param mtu what pods get, in bytes, where it is pinned
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

  /** The family that probes use: IPv4 where the network carries it. */
  public Cidr.Family family() {
    return ranges.getFirst().family();
  }
}
