package io.flannel.operator.decide.adoption;

import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.api.HealthSpec;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.change.FieldDiff;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Judges whether a flannel that this operator did not install can be taken over: only if the
 * FlannelNetwork is equal to it in effect.
 */
public final class AdoptionValidator {
  private static final int OTHER_HEALTH_PORT = 9473;

  private AdoptionValidator() {}

  /** Why the flannel that was found can't be taken over; empty if it can, or if there is none. */
  public static Optional<Decision> refusal(DesiredNetwork wanted, ClusterState cluster) {
    Optional<ForeignFlannel> candidate = candidate(wanted, cluster);
    if (candidate.isPresent()) {
      return refusal(candidate.get(), wanted, cluster);
    }
    return cluster.foreign().isEmpty() || ForeignFlannelValidator.isInForce(wanted, cluster)
        ? Optional.empty()
        : Optional.of(several(cluster.foreign()));
  }

  /**
   * The flannel that this network takes over: the one that is being taken over, or else the only
   * one. What comes beside a network that is in force is none, unless it took our DaemonSet's
   * place.
   */
  public static Optional<ForeignFlannel> candidate(DesiredNetwork wanted, ClusterState cluster) {
    Optional<ForeignFlannel> begun = begun(wanted, cluster);
    if (begun.isPresent()) {
      return begun;
    }
    boolean inForce = ForeignFlannelValidator.isInForce(wanted, cluster);
    return cluster.foreign().stream()
        .filter(found -> cluster.live().isEmpty())
        .filter(found -> inForce ? found.isInUpstreamsNamespace() : cluster.foreign().size() == 1)
        .findFirst();
  }

  /**
   * The namespace of the flannel that this network takes over, where it is not ours: both
   * DaemonSets run for a while.
   */
  public static Optional<String> otherNamespace(DesiredNetwork wanted, ClusterState cluster) {
    return candidate(wanted, cluster)
        .filter(found -> !found.isInUpstreamsNamespace())
        .map(ForeignFlannel::namespace);
  }

  /**
   * The flannel that this network has begun to take over, or one before it that is gone. A mark
   * alone says nothing, since whoever has a DaemonSet can forge it: what is taken over is given
   * flannel's rights.
   */
  static Optional<ForeignFlannel> begun(DesiredNetwork wanted, ClusterState cluster) {
    return cluster.foreign().stream()
        .filter(found -> found.adoptedBy().filter(by -> isHeir(wanted, by, cluster)).isPresent())
        .filter(found -> isAdministrators(found, cluster))
        .findFirst();
  }

  private static boolean isHeir(DesiredNetwork wanted, String by, ClusterState cluster) {
    return by.equals(wanted.name()) || cluster.network(by).isEmpty();
  }

  /**
   * Whether a cluster's administrator installed it: it is where nobody else has a DaemonSet, or has
   * its rights by the binding that only such a person writes.
   */
  private static boolean isAdministrators(ForeignFlannel found, ClusterState cluster) {
    return found.isInAdministratorsNamespace()
        || cluster.others().subjects().contains(found.account());
  }

  private static Decision unknown(ForeignFlannel found) {
    return Decision.refuse(
        ForeignFlannelValidator.REASON,
        "DaemonSet %s is named as flannel's, and ClusterRoleBinding flannel does not name its %s: a"
                .formatted(found.daemonSet(), found.account())
            + " flannel that nobody gave these rights is not taken over, since that would give them",
        "if it is nobody's flannel, delete it: kubectl -n %s delete daemonset %s; if it carries the"
                .formatted(found.namespace(), ForeignFlannel.DAEMON_SET)
            + " pods' packets, add its ServiceAccount to the subjects of ClusterRoleBinding flannel");
  }

  private static Decision several(List<ForeignFlannel> found) {
    return Decision.refuse(
        ForeignFlannelValidator.REASON,
        "DaemonSets %s run a flannel each; two on one node would undo each other's routes"
            .formatted(Names.and(found.stream().map(ForeignFlannel::daemonSet).toList())),
        "delete the one that does not carry the pods' packets, as a rule the younger: "
            + String.join(
                ", or ",
                found.stream()
                    .map(
                        one ->
                            "kubectl -n %s delete daemonset %s"
                                .formatted(one.namespace(), ForeignFlannel.DAEMON_SET))
                    .toList()));
  }

  private static Optional<Decision> refusal(
      ForeignFlannel found, DesiredNetwork wanted, ClusterState cluster) {
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
    List<FieldDiff> differences = differences(found, wanted, cluster);
    if (!differences.isEmpty()) {
      return Optional.of(
          Decision.refuse(
              "AdoptionDiffers",
              "the flannel of DaemonSet %s would be changed by taking it over: %s"
                  .formatted(
                      found.daemonSet(),
                      String.join("; ", differences.stream().map(FieldDiff::toString).toList())),
              ("take it over as it is, and change it afterwards: kubectl get fnet %s -o"
                      + " jsonpath='{.status.adoption.matching}' | kubectl apply -f -")
                  .formatted(wanted.name())));
    }
    if (wanted.backend().removesDeviceAtExit() && !wanted.disruptionAllowed()) {
      return Optional.of(
          Decision.refuse(
              "AdoptionDisruptive",
              "taking over the flannel of DaemonSet %s restarts flanneld on each node, and with %s it"
                      .formatted(found.daemonSet(), wanted.backend().type().wireName())
                  + " takes its device away when it ends: the node's pods are cut off"
                  + " from other nodes for some seconds",
              "set rollout.disruption to Allow, in a maintenance window"));
    }
    return Optional.empty();
  }

  /** Where the FlannelNetwork differs from what runs, as far as that can be said. */
  public static List<FieldDiff> differences(
      ForeignFlannel found, DesiredNetwork wanted, ClusterState cluster) {
    return found
        .spec()
        .map(
            spec ->
                AdoptionDiff.between(
                    DesiredNetwork.of(wanted.name(), spec), wanted, cluster.nodes()))
        .orElse(List.of());
  }

  /**
   * The spec with which a flannel is taken over as it is; empty where no spec says that.
   *
   * @param written the spec that the FlannelNetwork has; what is no part of what runs stays
   */
  public static Optional<FlannelNetworkSpec> matching(
      ForeignFlannel found, FlannelNetworkSpec written) {
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
    int tunnel = backend.udpPort(Cidr.Family.IPV4).orElse(0);
    HealthSpec health = written == null ? new HealthSpec(null, null, null, null) : written;
    int port = health.port() == null ? DesiredNetwork.Health.DEFAULT_PORT : health.port();
    return port == tunnel
        ? new HealthSpec(health.enabled(), health.interval(), health.failAfter(), OTHER_HEALTH_PORT)
        : written;
  }
}
