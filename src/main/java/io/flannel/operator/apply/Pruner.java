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

/** Deletes rendered objects: old configurations, and everything when the network is to go. */
public final class Pruner {
  /** So many configurations before the present one are kept, to go back to. */
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

  /** All configurations that were written for the network and are still there. */
  public Stream<ConfigMap> configMaps(DesiredNetwork network) {
    return configMaps(network.name());
  }

  /** All configurations that were written for the network of that name and are still there. */
  public Stream<ConfigMap> configMaps(String network) {
    return configMaps().filter(map -> isOf(network, map));
  }

  private Stream<ConfigMap> configMaps() {
    return watches
        .list(ConfigMap.class)
        .filter(map -> map.getMetadata().getName().startsWith(Flannel.CONFIG_MAP_PREFIX));
  }

  /** Whether there is a flannel that is not this network's, on nodes that ours ran on as well. */
  boolean isOthersFlannelThere(DesiredNetwork network) {
    return flannels().anyMatch(found -> !isOf(network, found))
        || watches.otherDaemonSets().stream().anyMatch(OtherDaemonSet::runsFlannelOnLinux);
  }

  /** The DaemonSets of all flannels, whoever's. */
  private Stream<DaemonSet> flannels() {
    return watches
        .list(DaemonSet.class)
        .filter(found -> found.getMetadata().getName().equals(Flannel.DAEMON_SET));
  }

  /** Deletes all configurations but the present one and the youngest before it. */
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
   * Deletes all that was rendered for the network, the last written first: no pod is left without
   * what it needs. What carries another network's name stays, and so does what a flannel of
   * somebody else's has that was installed meanwhile: upstream's objects have the same names, and
   * keep our labels when they are applied. These alone are taken off then.
   *
   * @param deleted the FlannelNetwork that goes
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
   * Deletes flannel's DaemonSet, and one that it was taking over, so that each is there as long as
   * one of its pods is.
   *
   * @param now the present time
   * @return since when one that is still there has been going; empty: none is
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

  /** Deletes the node agents' DaemonSet, and their keys, if they are the network's. */
  public void removeAgents(DesiredNetwork network) {
    Stream.of(NodeAgentDaemonSet.render(network, agents), ProbeKeySecret.named(agents))
        .flatMap(object -> watches.find(object).stream())
        .filter(live -> isOf(network, live))
        .forEach(live -> deleteIfStillOf(network, live));
  }

  /** The cache may lag behind another network that has just taken the object over. */
  private void deleteIfStillOf(DesiredNetwork network, HasMetadata cached) {
    HasMetadata live = client.resource(cached).get();
    if (live != null && isOf(network, live)) {
      delete(live);
    }
  }

  /** Whether a live object is this network's, or is being taken over by it. */
  boolean isOf(DesiredNetwork network, HasMetadata live) {
    return isOf(network.name(), live);
  }

  private static boolean isOf(String name, HasMetadata live) {
    return (name.equals(orEmpty(live.getMetadata().getLabels()).get(Flannel.NETWORK_LABEL))
            && !isACopy(live))
        || AdoptionMark.of(live.getMetadata()).filter(name::equals).isPresent();
  }

  /** A flannel's DaemonSet with our labels where we have none: somebody copied it. */
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
