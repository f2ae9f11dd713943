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
 * Judges whether a flannel that this operator did not install can be adopted: only if the
 * FlannelNetwork has the same effect.
 */
public final class AdoptionValidator {
  private static final int OTHER_HEALTH_PORT = 9473;

  private AdoptionValidator() {}

  /**
   * Returns why the flannel that was found can't be adopted; empty if it can, or if there is none.
   */
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
   * Returns the flannel that this network adopts: the one whose adoption has begun, or else the
   * only one. Beside a network in force another flannel is no candidate, unless it took our
   * DaemonSet's place.
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
   * Returns the namespace of the flannel that this network adopts, if it is neither ours nor
   * kube-system, from whose flannel our pods keep away anyway.
   */
  public static Optional<String> unusualNamespace(DesiredNetwork wanted, ClusterState cluster) {
    return candidate(wanted, cluster)
        .filter(found -> !found.isInAdministratorsNamespace())
        .map(ForeignFlannel::namespace);
  }

  /**
   * Returns the flannel that this network, or an earlier one that is gone, has begun to adopt. The
   * mark alone proves nothing, since anybody with a DaemonSet can forge it, and an adopted flannel
   * gets flannel's permissions.
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
   * Whether a cluster administrator installed it. Either nobody else can have a DaemonSet in its
   * namespace, or its permissions come from the binding that only an administrator writes.
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

  /** Returns where the FlannelNetwork differs from what runs; empty if no spec describes that. */
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
   * Returns the spec that adopts a flannel as it is; empty if no spec can.
   *
   * @param written the FlannelNetwork's spec; what does not describe the running flannel is kept
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

  /** Gives the agents another UDP port if theirs is the tunnel's. */
  private static @Nullable HealthSpec health(Backend backend, @Nullable HealthSpec written) {
    int tunnel = backend.udpPort(Cidr.Family.IPV4).orElse(0);
    HealthSpec health = written == null ? new HealthSpec(null, null, null, null) : written;
    int port = health.port() == null ? DesiredNetwork.Health.DEFAULT_PORT : health.port();
    return port == tunnel
        ? new HealthSpec(health.enabled(), health.interval(), health.failAfter(), OTHER_HEALTH_PORT)
        : written;
  }
}
