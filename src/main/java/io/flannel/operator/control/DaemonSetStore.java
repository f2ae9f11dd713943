package io.flannel.operator.control;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.overlay.FoundFlannel;
import io.flannel.operator.overlay.OtherDaemonSet;
import io.flannel.operator.overlay.ShortHash;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.NodeAgentDaemonSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps every DaemonSet of the cluster. Anybody may make one, of any name and of more than 1 MB;
 * what is kept of each depends on whose it may be:
 *
 * <ul>
 *   <li>ours and the node agents': all of it, since they are written;
 *   <li>named as upstream's in another namespace: what an adoption needs, as long as it is not
 *       larger than a flannel's may be. A larger one can't be adopted, and is as one of the next;
 *   <li>of others that run a flannel, or name something of one: an {@link OtherDaemonSet};
 *   <li>of all else: that it is there.
 * </ul>
 */
final class DaemonSetStore implements ItemStore<DaemonSet> {
  private static final Logger LOG = LoggerFactory.getLogger(DaemonSetStore.class);

  /**
   * Length of what may be adopted, as JSON and without the nodes that it was made to leave.
   * Upstream's has 5 kB.
   */
  static final int LONGEST = 65_536;

  /** Length of all of these together: the largest is the first that can't be adopted. */
  static final int LONGEST_TOGETHER = 1_048_576;

  /** In the metadata of what is kept in short: changes with what was read. */
  private static final String READ = "flannel.io/read";

  private final String agentNamespace;
  private final Map<String, DaemonSet> daemonSets = new ConcurrentHashMap<>();
  private final Map<String, OtherDaemonSet> others = new ConcurrentHashMap<>();
  private final Map<String, Integer> lengths = new HashMap<>();

  /** Prepares it; the node agents are in this namespace. */
  DaemonSetStore(String agentNamespace) {
    this.agentNamespace = agentNamespace;
  }

  /** Of those that are kept in short, the ones that run a flannel or name something of one. */
  Stream<OtherDaemonSet> others() {
    return others.values().stream();
  }

  /** Whether it is named as flannel's, whoever's it is, or is the node agents'. */
  private boolean isOfKnownName(DaemonSet daemonSet) {
    return isNamesake(daemonSet) || isOurs(daemonSet);
  }

  private static boolean isNamesake(DaemonSet daemonSet) {
    return Flannel.DAEMON_SET.equals(daemonSet.getMetadata().getName());
  }

  private boolean isOurs(DaemonSet daemonSet) {
    String namespace = daemonSet.getMetadata().getNamespace();
    return isNamesake(daemonSet)
        ? Flannel.NAMESPACE.equals(namespace)
        : NodeAgentDaemonSet.NAME.equals(daemonSet.getMetadata().getName())
            && agentNamespace.equals(namespace);
  }

  /** Whether it matters to anything that is decided. */
  boolean matters(DaemonSet daemonSet) {
    return isOfKnownName(daemonSet) || !read(daemonSet).isEmpty();
  }

  /** Whether the two differ in something that matters; a status does not, but of those we write. */
  boolean differ(DaemonSet now, DaemonSet before) {
    String read = read(now);
    return isOfKnownName(now)
        || !read.equals(read(before))
        || (!read.isEmpty() && now.isMarkedForDeletion() != before.isMarkedForDeletion());
  }

  /** Another text for everything else that is read of it; empty if it does not matter. */
  private static String read(DaemonSet daemonSet) {
    Object kept = daemonSet.getMetadata().getAdditionalProperties().get(READ);
    if (kept != null || daemonSet.getSpec() == null) {
      return kept == null ? "" : kept.toString();
    }
    OtherDaemonSet other = OtherDaemonSet.of(daemonSet).bounded();
    return matters(other) ? text(other) : "";
  }

  private static String text(OtherDaemonSet other) {
    return ShortHash.of(other.toString());
  }

  private static boolean matters(OtherDaemonSet other) {
    return other.runsFlannel()
        || other.namespace().equals(Flannel.NAMESPACE)
        || other.serviceAccount().equals(Flannel.ROLE)
        || other.configMaps().contains(FoundFlannel.CONFIG_MAP);
  }

  @Override
  public String getKey(DaemonSet daemonSet) {
    ObjectMeta meta = daemonSet.getMetadata();
    return meta.getNamespace() + "/" + meta.getName();
  }

  @Override
  public synchronized @Nullable DaemonSet put(String key, DaemonSet daemonSet) {
    if (isOurs(daemonSet)) {
      return daemonSets.put(key, daemonSet);
    }
    if (!isNamesake(daemonSet)) {
      return putInShort(key, daemonSet);
    }
    int length = length(daemonSet.getSpec());
    if (length > LONGEST_TOGETHER || length - leftNodes(daemonSet) > LONGEST) {
      return putTooLarge(key, daemonSet);
    }
    DaemonSet before = daemonSets.put(key, adoptable(daemonSet));
    others.remove(key);
    lengths.put(key, length);
    while (lengths.values().stream().mapToInt(Integer::intValue).sum() > LONGEST_TOGETHER) {
      String largest = Collections.max(lengths.entrySet(), Map.Entry.comparingByValue()).getKey();
      putTooLarge(largest, Objects.requireNonNull(daemonSets.get(largest)));
    }
    return before;
  }

  private @Nullable DaemonSet putTooLarge(String key, DaemonSet daemonSet) {
    if (!others.containsKey(key)) {
      LOG.warn("DaemonSet {} is larger than a flannel's, and can't be taken over", key);
    }
    lengths.remove(key);
    return putInShort(key, daemonSet);
  }

  private @Nullable DaemonSet putInShort(String key, DaemonSet daemonSet) {
    OtherDaemonSet other = OtherDaemonSet.of(daemonSet).bounded();
    ObjectMeta meta = Namesakes.slim(daemonSet.getMetadata());
    meta.setLabels(Map.of());
    meta.setAnnotations(Map.of());
    if (isNamesake(daemonSet) || matters(other)) {
      meta.setAdditionalProperty(READ, text(other));
      others.put(key, other);
    } else {
      others.remove(key);
    }
    return daemonSets.put(key, new DaemonSetBuilder().withMetadata(meta).build());
  }

  /** Without what others may write beside its spec, such as what was last applied. */
  private static DaemonSet adoptable(DaemonSet daemonSet) {
    DaemonSetStatus status =
        Objects.requireNonNullElseGet(daemonSet.getStatus(), DaemonSetStatus::new);
    return new DaemonSetBuilder()
        .withMetadata(Namesakes.slim(daemonSet.getMetadata()))
        .withSpec(daemonSet.getSpec())
        .withNewStatus()
        .withObservedGeneration(status.getObservedGeneration())
        .withDesiredNumberScheduled(status.getDesiredNumberScheduled())
        .withCurrentNumberScheduled(status.getCurrentNumberScheduled())
        .withNumberMisscheduled(status.getNumberMisscheduled())
        .endStatus()
        .build();
  }

  private static int length(Object part) {
    return Serialization.asJson(part).length();
  }

  /** Length of what {@link LeftNodes} added. */
  private static int leftNodes(DaemonSet daemonSet) {
    return Optional.ofNullable(daemonSet.getSpec().getTemplate().getSpec().getAffinity())
        .map(it -> it.getNodeAffinity())
        .map(it -> it.getRequiredDuringSchedulingIgnoredDuringExecution())
        .stream()
        .flatMap(it -> it.getNodeSelectorTerms().stream())
        .flatMap(term -> term.getMatchFields().stream())
        .filter(one -> FoundFlannel.NODE_NAME.equals(one.getKey()))
        .mapToInt(one -> length(one) + 1)
        .sum();
  }

  @Override
  public synchronized @Nullable DaemonSet remove(String key) {
    others.remove(key);
    lengths.remove(key);
    return daemonSets.remove(key);
  }

  @Override
  public Stream<String> keySet() {
    return daemonSets.keySet().stream();
  }

  @Override
  public Stream<DaemonSet> values() {
    return daemonSets.values().stream();
  }

  @Override
  public int size() {
    return daemonSets.size();
  }

  @Override
  public @Nullable DaemonSet get(String key) {
    return daemonSets.get(key);
  }

  @Override
  public boolean isFullState() {
    return false;
  }
}
