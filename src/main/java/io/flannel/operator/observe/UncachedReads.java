package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetList;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.render.Flannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads past the caches once, before a network comes into force: a flannel that was installed a
 * moment ago may not be in them yet, and what has been written is not rolled back.
 */
public final class UncachedReads {
  /** Delay before looking again, in which the caches usually catch up. */
  public static final Duration AGAIN = Duration.ofSeconds(1);

  private final KubernetesClient client;
  private final Watches watches;

  public UncachedReads(KubernetesClient client, Watches watches) {
    this.client = client;
    this.watches = watches;
  }

  /**
   * Whether the network is about to come into force for the first time while the caches lack part
   * of a flannel or still contain one that is gone.
   */
  public boolean findsMore(
      Decision decision, boolean paused, DesiredNetwork wanted, ClusterState cluster) {
    return decision instanceof Decision.Accept
        && !paused
        && cluster.network(wanted.name()).filter(NetworkRef::accepted).isEmpty()
        && findsMore();
  }

  private boolean findsMore() {
    Set<String> known =
        Stream.concat(watches.list(DaemonSet.class), watches.list(ClusterRoleBinding.class))
            .map(UncachedReads::version)
            .collect(Collectors.toSet());
    Stream<HasMetadata> binding =
        Optional.ofNullable(client.rbac().clusterRoleBindings().withName(Flannel.ROLE).get())
            .stream()
            .map(one -> one);
    Set<String> live =
        Stream.concat(daemonSets(), binding.map(UncachedReads::version))
            .collect(Collectors.toSet());
    return !known.containsAll(live) || !live.containsAll(knownFlannels());
  }

  /**
   * The DaemonSets that matter. They are read in small pages, since other people's may be large.
   */
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
          .map(UncachedReads::version)
          .forEach(versions::add);
      next = some.getMetadata().getContinue();
    } while (next != null && !next.isEmpty());
    return versions.stream();
  }

  private Set<String> knownFlannels() {
    return watches
        .list(DaemonSet.class)
        .filter(one -> one.getMetadata().getName().equals(Flannel.DAEMON_SET))
        .map(UncachedReads::version)
        .collect(Collectors.toSet());
  }

  /**
   * Identifies an object: a DaemonSet by its UID, so that status updates don't matter, and a
   * binding also by its subjects.
   */
  private static String version(HasMetadata object) {
    return object instanceof ClusterRoleBinding binding
        ? "%s %s".formatted(binding.getMetadata().getUid(), binding.getSubjects())
        : object.getMetadata().getUid();
  }
}
