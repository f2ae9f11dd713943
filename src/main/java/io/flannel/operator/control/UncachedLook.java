package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetList;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.overlay.WantedNetwork;
import io.flannel.operator.render.Flannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Looks past the caches, once, before a network comes into force: a flannel that was installed a
 * moment before may not be in them, and what is written is not taken back.
 */
final class UncachedLook {
  /** The caches have what they lack after so long, or the same is asked again. */
  static final Duration AGAIN = Duration.ofSeconds(1);

  private final KubernetesClient client;
  private final Watches watches;

  UncachedLook(KubernetesClient client, Watches watches) {
    this.client = client;
    this.watches = watches;
  }

  /**
   * Whether the network is about to come into force for the first time, and the caches lack
   * something of a flannel or still have one that is gone.
   */
  boolean findsMore(Decision decision, boolean paused, WantedNetwork wanted, ClusterState cluster) {
    return decision instanceof Decision.Accept
        && !paused
        && cluster.network(wanted.name()).filter(NetworkRef::accepted).isEmpty()
        && findsMore();
  }

  private boolean findsMore() {
    Set<String> known =
        Stream.concat(watches.list(DaemonSet.class), watches.list(ClusterRoleBinding.class))
            .map(UncachedLook::version)
            .collect(Collectors.toSet());
    Stream<HasMetadata> binding =
        Optional.ofNullable(client.rbac().clusterRoleBindings().withName(Flannel.ROLE).get())
            .stream()
            .map(one -> one);
    Set<String> live =
        Stream.concat(daemonSets(), binding.map(UncachedLook::version)).collect(Collectors.toSet());
    return !known.containsAll(live) || !live.containsAll(knownFlannels());
  }

  /** Those that matter; some at once, since others' may be large. */
  private Stream<String> daemonSets() {
    List<String> versions = new ArrayList<>();
    String next = null;
    do {
      DaemonSetList some =
          client
              .apps()
              .daemonSets()
              .inAnyNamespace()
              .list(
                  new ListOptionsBuilder()
                      .withLimit(Watches.ANYBODYS_AT_ONCE)
                      .withContinue(next)
                      .build());
      some.getItems().stream()
          .filter(watches::matters)
          .map(UncachedLook::version)
          .forEach(versions::add);
      next = some.getMetadata().getContinue();
    } while (next != null && !next.isEmpty());
    return versions.stream();
  }

  private Set<String> knownFlannels() {
    return watches
        .list(DaemonSet.class)
        .filter(one -> one.getMetadata().getName().equals(Flannel.DAEMON_SET))
        .map(UncachedLook::version)
        .collect(Collectors.toSet());
  }

  /** What it is, whatever is written to a DaemonSet's status; and whom a binding names. */
  private static String version(HasMetadata object) {
    return object instanceof ClusterRoleBinding binding
        ? "%s %s".formatted(binding.getMetadata().getUid(), binding.getSubjects())
        : object.getMetadata().getUid();
  }
}
