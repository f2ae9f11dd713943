package io.flannel.operator.decide;

import io.flannel.operator.overlay.AppliedConfig;
import io.flannel.operator.overlay.Backend;
import io.flannel.operator.overlay.Cidr;
import io.flannel.operator.overlay.LiveFlannel;
import io.flannel.operator.overlay.WantedNetwork;
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
record Terms(List<Cidr> ranges, String backendType, Optional<Backend> backend, OptionalInt mtu) {
  static Terms of(WantedNetwork wanted, ClusterState cluster) {
    return cluster
        .live()
        .flatMap(LiveFlannel::config)
        .filter(config -> !config.ranges().isEmpty())
        .map(Terms::of)
        .orElseGet(
            () ->
                new Terms(
                    wanted.ranges(),
                    wanted.backend().type().wireName(),
                    Optional.of(wanted.backend()),
                    wanted.mtu()));
  }

  static Terms of(AppliedConfig config) {
    return new Terms(config.ranges(), config.backendType(), config.backend(), config.mtu());
  }

  /** The family that probes use: IPv4 where the network carries it. */
  Cidr.Family family() {
    return ranges.getFirst().family();
  }
}
