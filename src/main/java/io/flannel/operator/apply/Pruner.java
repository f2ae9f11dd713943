package io.flannel.operator.apply;

import static io.flannel.operator.flannel.OrEmpty.orEmpty;
import static java.util.Comparator.comparing;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Times;
import io.flannel.operator.flannel.foreign.AdoptionMark;
import io.flannel.operator.flannel.foreign.OtherDaemonSet;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.NodeAgentDaemonSet;
import io.flannel.operator.render.NodeAgentSettings;
import io.flannel.operator.render.ProbeKeySecret;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes rendered objects: old configurations, and everything when the network is deleted. */
public final class Pruner {
  /** Number of configurations kept besides the current one, for rollbacks. */
  private static final int KEPT_CONFIG_MAPS = 3;

  private static final Logger LOG = LoggerFactory.getLogger(Pruner.class);

  private final KubernetesClient client;
  private final Watches watches;

  private final NodeAgentSettings agents;

  public Pruner(KubernetesClient client, Watches watches, NodeAgentSettings agents) {
    this.client = client;
    this.watches = watches;
    this.agents = agents;
  }

  /** All existing configurations that were written for the network. */
  public Stream<ConfigMap> configMaps(DesiredNetwork network) {
    return configMaps(network.name());
  }

  /** All existing configurations that were written for the network with this name. */
  public Stream<ConfigMap> configMaps(String network) {
    return configMaps().filter(map -> isOf(network, map));
  }

  private Stream<ConfigMap> configMaps() {
    return watches
        .list(ConfigMap.class)
        .filter(map -> map.getMetadata().getName().startsWith(Flannel.CONFIG_MAP_PREFIX));
  }

  /**
   * Finds the DaemonSet of a flannel that is not this network's and runs on nodes that ours ran on
   * as well, as namespace/name.
   */
  Optional<String> othersFlannel(DesiredNetwork network) {
    return Stream.concat(
            flannels()
                .filter(found -> !isOf(network, found))
                .map(found -> found.getMetadata())
                .map(meta -> meta.getNamespace() + "/" + meta.getName()),
            watches.otherDaemonSets().stream()
                .filter(OtherDaemonSet::runsFlannelOnLinux)
                .map(found -> found.namespace() + "/" + found.name()))
        .findFirst();
  }

  /** The DaemonSets of all flannels, whoever runs them. */
  private Stream<DaemonSet> flannels() {
    return watches
        .list(DaemonSet.class)
        .filter(found -> found.getMetadata().getName().equals(Flannel.DAEMON_SET));
  }

  /** Deletes all configurations except the current one and the newest before it. */
  public void pruneConfigMaps(String presentHash) {
    configMaps()
        .filter(map -> !map.getMetadata().getName().equals(Flannel.configMapName(presentHash)))
        .sorted(
            comparing((ConfigMap map) -> map.getMetadata().getCreationTimestamp())
                .thenComparing(map -> map.getMetadata().getName())
                .reversed())
        .skip(KEPT_CONFIG_MAPS)
        .forEach(this::delete);
  }

  /**
   * Deletes everything rendered for the network, in reverse order of writing, so that no pod loses
   * what it needs. Objects with another network's name stay. So do those used by another flannel
   * installed in the meantime: upstream's objects have the same names and keep our labels when they
   * are applied. Only our labels are removed from them.
   *
   * @param deleted the FlannelNetwork being deleted
   */
  public void removeAll(DesiredNetwork network, FlannelNetwork deleted) {
    removeAgents(network);
    SharedNames shared =
        new SharedNames(client, watches, live -> isOf(network, live), deleted.getMetadata());
    List<HasMetadata> rendered = new ArrayList<>(Flannel.render(network));
    Collections.reverse(rendered);
    Stream.concat(
            rendered.stream().flatMap(object -> watches.find(object).stream()),
            watches.list(ConfigMap.class))
        .filter(live -> isOf(network, live))
        .distinct()
        .sorted(comparing((HasMetadata live) -> live instanceof Namespace))
        .forEach(
            cached -> {
              HasMetadata live = client.resource(cached).get();
              if (live != null && isOf(network, live) && !shared.keep(live)) {
                delete(live);
              }
            });
  }

  /**
   * Deletes flannel's DaemonSet and one that it was adopting, so that each exists as long as any of
   * its pods does.
   *
   * @param now the current time
   * @return since when a DaemonSet that still exists has been marked for deletion; empty if there
   *     is none
   */
  Optional<Instant> endFlannel(DesiredNetwork network, Instant now) {
    return flannels()
        .filter(found -> isOf(network, found))
        .map(found -> goingSince(found).orElseGet(() -> end(found, now)))
        .max(Comparator.naturalOrder());
  }

  private static Optional<Instant> goingSince(DaemonSet flannel) {
    return Optional.ofNullable(flannel.getMetadata().getDeletionTimestamp())
        .flatMap(Times::tryParse);
  }

  private Instant end(DaemonSet flannel, Instant now) {
    client.resource(flannel).withPropagationPolicy(DeletionPropagation.FOREGROUND).delete();
    LOG.info("deleted {}, which goes when its pods are gone", Applier.name(flannel));
    return now;
  }

  /** Deletes the node agents' DaemonSet and their keys, if they belong to the network. */
  public void removeAgents(DesiredNetwork network) {
    Stream.of(NodeAgentDaemonSet.render(network, agents), ProbeKeySecret.named(agents))
        .flatMap(object -> watches.find(object).stream())
        .filter(live -> isOf(network, live))
        .forEach(live -> deleteIfStillOf(network, live));
  }

  /** Checks the live object: the cache may not show yet that another network took it over. */
  private void deleteIfStillOf(DesiredNetwork network, HasMetadata cached) {
    HasMetadata live = client.resource(cached).get();
    if (live != null && isOf(network, live)) {
      delete(live);
    }
  }

  /** Whether a live object is this network's or is being adopted by it. */
  boolean isOf(DesiredNetwork network, HasMetadata live) {
    return isOf(network.name(), live);
  }

  private static boolean isOf(String name, HasMetadata live) {
    return (name.equals(orEmpty(live.getMetadata().getLabels()).get(Flannel.NETWORK_LABEL))
            && !isACopy(live))
        || AdoptionMark.of(live.getMetadata()).filter(name::equals).isPresent();
  }

  /**
   * Whether this is a copy that somebody made of our DaemonSet: it has our labels, but is in a
   * namespace where we have none.
   */
  private static boolean isACopy(HasMetadata live) {
    return live instanceof DaemonSet
        && live.getMetadata().getName().equals(Flannel.DAEMON_SET)
        && !Flannel.NAMESPACE.equals(live.getMetadata().getNamespace());
  }

  private void delete(HasMetadata live) {
    if (live.isMarkedForDeletion()) {
      return;
    }
    client.resource(live).delete();
    LOG.info("deleted {}", Applier.name(live));
  }
}
