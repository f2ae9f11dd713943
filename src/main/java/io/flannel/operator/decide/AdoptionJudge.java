package io.flannel.operator.decide;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.api.HealthSpec;
import io.flannel.operator.overlay.Backend;
import io.flannel.operator.overlay.FoundFlannel;
import io.flannel.operator.overlay.Names;
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
    Optional<FoundFlannel> candidate = candidate(wanted, cluster);
    if (candidate.isPresent()) {
      return refusal(candidate.get(), wanted, cluster);
    }
    return cluster.foreign().isEmpty() || ForeignFlannelJudge.isInForce(wanted, cluster)
        ? Optional.empty()
        : Optional.of(several(cluster.foreign()));
  }

  /**
   * The flannel that this network takes over: the one that is being taken over, or else the only
   * one. What comes beside a network that is in force is none, unless it took our DaemonSet's
   * place.
   */
  public static Optional<FoundFlannel> candidate(WantedNetwork wanted, ClusterState cluster) {
    Optional<FoundFlannel> begun = begun(wanted, cluster);
    if (begun.isPresent()) {
      return begun;
    }
    boolean inForce = ForeignFlannelJudge.isInForce(wanted, cluster);
    return cluster.foreign().stream()
        .filter(found -> cluster.live().isEmpty())
        .filter(found -> inForce ? found.isInUpstreamsNamespace() : cluster.foreign().size() == 1)
        .findFirst();
  }

  /**
   * The flannel that this network has begun to take over, or one before it that is gone. A mark
   * alone says nothing, since whoever has a DaemonSet can forge it: what is taken over is given
   * flannel's rights.
   */
  static Optional<FoundFlannel> begun(WantedNetwork wanted, ClusterState cluster) {
    return cluster.foreign().stream()
        .filter(found -> found.adoptedBy().filter(by -> isHeir(wanted, by, cluster)).isPresent())
        .filter(found -> isAdministrators(found, cluster))
        .findFirst();
  }

  private static boolean isHeir(WantedNetwork wanted, String by, ClusterState cluster) {
    return by.equals(wanted.name()) || cluster.network(by).isEmpty();
  }

  /**
   * Whether a cluster's administrator installed it: it is where nobody else has a DaemonSet, or has
   * its rights by the binding that only such a person writes.
   */
  private static boolean isAdministrators(FoundFlannel found, ClusterState cluster) {
    return found.isInAdministratorsNamespace()
        || cluster.others().subjects().contains(found.account());
  }

  private static Decision unknown(FoundFlannel found) {
    return Decision.refuse(
        ForeignFlannelJudge.REASON,
        "DaemonSet %s is named as flannel's, and ClusterRoleBinding flannel does not name its %s: a"
                .formatted(found.daemonSet(), found.account())
            + " flannel that nobody gave these rights is not taken over, since that would give them",
        "if it is nobody's flannel, delete it: kubectl -n %s delete daemonset %s; if it carries the"
                .formatted(found.namespace(), FoundFlannel.DAEMON_SET)
            + " pods' packets, add its ServiceAccount to the subjects of ClusterRoleBinding flannel");
  }

  private static Decision several(List<FoundFlannel> found) {
    return Decision.refuse(
        ForeignFlannelJudge.REASON,
        "DaemonSets %s run a flannel each; two on one node would undo each other's routes"
            .formatted(Names.and(found.stream().map(FoundFlannel::daemonSet).toList())),
        "delete the one that does not carry the pods' packets, as a rule the younger: "
            + String.join(
                ", or ",
                found.stream()
                    .map(
                        one ->
                            "kubectl -n %s delete daemonset %s"
                                .formatted(one.namespace(), FoundFlannel.DAEMON_SET))
                    .toList()));
  }

  private static Optional<Decision> refusal(
      FoundFlannel found, WantedNetwork wanted, ClusterState cluster) {
    if (!isAdministrators(found, cluster)) {
      return Optional.of(unknown(found));
    }
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
