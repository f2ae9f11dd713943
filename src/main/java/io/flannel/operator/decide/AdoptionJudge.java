package io.flannel.operator.decide;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.api.HealthSpec;
import io.flannel.operator.overlay.Backend;
import io.flannel.operator.overlay.FoundFlannel;
import io.flannel.operator.overlay.WantedNetwork;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Judges whether a flannel that this operator did not install can be taken over: only if the
 * FlannelNetwork is equal to it in effect.
 */
public final class AdoptionJudge {
  private static final int OTHER_HEALTH_PORT = 9473;

  private AdoptionJudge() {}

  /** Why the flannel that was found can't be taken over; empty if it can, or if there is none. */
  static Optional<Decision> refusal(WantedNetwork wanted, ClusterState cluster) {
    return cluster.foreign().stream()
        .filter(found -> !canTakeOver(found, wanted, cluster))
        .findFirst()
        .map(AdoptionJudge::second)
        .or(
            () ->
                cluster.foreign().stream().findFirst().flatMap(it -> refusal(it, wanted, cluster)));
  }

  /** The flannel that can be taken over. Beside it there is none, or ours that is taking over. */
  private static boolean canTakeOver(
      FoundFlannel found, WantedNetwork wanted, ClusterState cluster) {
    boolean taking = found.adoptedBy().filter(wanted.name()::equals).isPresent();
    return cluster.foreign().size() == 1 && (taking || cluster.live().isEmpty());
  }

  private static Decision second(FoundFlannel found) {
    return Decision.refuse(
        "ForeignFlannel",
        "DaemonSet %s runs a flannel beside another one; two on one node would undo each other's"
                .formatted(found.daemonSet())
            + " routes",
        "delete the one that does not carry the pods' packets, as a rule the younger: kubectl -n %s"
                .formatted(found.namespace())
            + " delete daemonset "
            + FoundFlannel.DAEMON_SET);
  }

  private static Optional<Decision> refusal(
      FoundFlannel found, WantedNetwork wanted, ClusterState cluster) {
    if (found.spec().isEmpty()) {
      return Optional.of(
          Decision.refuse(
              "AdoptionUnsupported",
              "the flannel of DaemonSet %s can't be taken over, it has what a FlannelNetwork can't"
                      .formatted(found.daemonSet())
                  + " say: "
                  + String.join("; ", found.unsupported()),
              "take it out of that flannel's manifest or chart values and let its pods restart, or"
                  + " keep that flannel and delete this FlannelNetwork"));
    }
    List<Difference> differences = differences(found, wanted, cluster);
    if (!differences.isEmpty()) {
      return Optional.of(
          Decision.refuse(
              "AdoptionDiffers",
              "the flannel of DaemonSet %s would be changed by taking it over: %s"
                  .formatted(
                      found.daemonSet(),
                      String.join("; ", differences.stream().map(Difference::toString).toList())),
              ("take it over as it is, and change it afterwards: kubectl get fnet %s -o"
                      + " jsonpath='{.status.adoption.matching}' | kubectl apply -f -")
                  .formatted(wanted.name())));
    }
    if (wanted.backend().type() == BackendType.WIREGUARD && !wanted.disruptionAllowed()) {
      return Optional.of(
          Decision.refuse(
              "AdoptionDisruptive",
              "taking over the flannel of DaemonSet %s restarts flanneld on each node, and with"
                      .formatted(found.daemonSet())
                  + " wireguard it takes its device away when it ends: the node's pods are cut off"
                  + " from other nodes for some seconds",
              "set rollout.disruption to Allow, in a maintenance window"));
    }
    return Optional.empty();
  }

  /** Where the FlannelNetwork differs from what runs, as far as that can be said. */
  public static List<Difference> differences(
      FoundFlannel found, WantedNetwork wanted, ClusterState cluster) {
    return found
        .spec()
        .map(
            spec ->
                AdoptionDifferences.between(
                    WantedNetwork.of(wanted.name(), spec), wanted, cluster.nodes()))
        .orElse(List.of());
  }

  /**
   * The spec with which a flannel is taken over as it is; empty where no spec says that.
   *
   * @param written the spec that the FlannelNetwork has; what is no part of what runs stays
   */
  public static Optional<FlannelNetworkSpec> matching(
      FoundFlannel found, FlannelNetworkSpec written) {
    return found
        .spec()
        .map(
            it ->
                new FlannelNetworkSpec(
                    it.cidr(),
                    it.ipv6CIDR(),
                    it.backend(),
                    it.mtu(),
                    it.iface(),
                    it.ipMasq(),
                    it.nftables(),
                    it.cni(),
                    it.flannel(),
                    health(Backend.of(it.backend()), written.health()),
                    written.rollout(),
                    written.deletionPolicy(),
                    written.paused()));
  }

  /** The agents' UDP port must not be the tunnel's. */
  private static @Nullable HealthSpec health(Backend backend, @Nullable HealthSpec written) {
    int tunnel =
        switch (backend) {
          case Backend.Vxlan vxlan -> vxlan.port();
          case Backend.Wireguard wireguard -> wireguard.port();
          case Backend.Ipip ignored -> 0;
          case Backend.HostGw ignored -> 0;
        };
    HealthSpec health = written == null ? new HealthSpec(null, null, null, null) : written;
    int port = health.port() == null ? WantedNetwork.Health.DEFAULT_PORT : health.port();
    return port == tunnel
        ? new HealthSpec(health.enabled(), health.interval(), health.failAfter(), OTHER_HEALTH_PORT)
        : written;
  }
}
