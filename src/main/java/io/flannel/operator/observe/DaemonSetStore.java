package io.flannel.operator.observe;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.flannel.ShortHash;
import io.flannel.operator.flannel.foreign.ForeignFlannel;
import io.flannel.operator.flannel.foreign.OtherDaemonSet;
import io.flannel.operator.render.Flannel;
import io.flannel.operator.render.NodeAgentDaemonSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps every DaemonSet of the cluster. Anybody may create one, with any name and larger than 1 MB,
 * so what is kept depends on whose it may be:
 *
 * <ul>
 *   <li>the operator's own, which are flannel's and the node agents': all of it, since the operator
 *       writes them;
 *   <li>a DaemonSet with upstream's name in another namespace: what an adoption needs, unless it is
 *       larger than a flannel's may be. A larger one can't be adopted and is treated like the next
 *       kind;
 *   <li>another one that runs a flannel or refers to parts of one: an {@link OtherDaemonSet};
 *   <li>any other: only that it exists.
 * </ul>
 */
final class DaemonSetStore {
  private static final Logger LOG = LoggerFactory.getLogger(DaemonSetStore.class);

  /**
   * Maximum length of a DaemonSet that may be adopted, in characters of JSON and without the nodes
   * that it was made to leave. Upstream's is 5 kB.
   */
  static final int LONGEST = 65_536;

  /** Maximum total length of these; beyond it, the largest can no longer be adopted. */
  static final int LONGEST_TOGETHER = 1_048_576;

  /** Metadata key of a DaemonSet kept in short form: a hash of what was read of it. */
  private static final String READ = "flannel.io/read";

  /**
   * What is kept of one DaemonSet.
   *
   * @param other set for one that is kept in short form and matters
   * @param length length of one that may be adopted, otherwise 0
   */
  private record Kept(DaemonSet daemonSet, Optional<OtherDaemonSet> other, int length) {}

  private final GuardedStore<DaemonSet, Kept> store =
      new GuardedStore<>(this::keep, Kept::daemonSet);
  private final String agentNamespace;

  /**
   * @param agentNamespace namespace of the node agents' DaemonSet
   */
  DaemonSetStore(String agentNamespace) {
    this.agentNamespace = agentNamespace;
  }

  /** The DaemonSets, each as far as it is kept. */
  ItemStore<DaemonSet> items() {
    return store;
  }

  /** Those kept in short form that run a flannel or refer to parts of one. */
  Stream<OtherDaemonSet> others() {
    return store.kept().flatMap(kept -> kept.other().stream());
  }

  /** Whether it has the name of flannel's DaemonSet, in any namespace, or is the node agents'. */
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

  /** Whether any decision depends on it. */
  boolean matters(DaemonSet daemonSet) {
    return isOfKnownName(daemonSet) || !read(daemonSet).isEmpty();
  }

  /**
   * Whether the two differ in something that matters. Of the status, all matters under the names
   * that this operator writes, and of others whether there are pods.
   */
  boolean differ(DaemonSet now, DaemonSet before) {
    String read = read(now);
    return isOfKnownName(now)
        || !read.equals(read(before))
        || (!read.isEmpty() && now.isMarkedForDeletion() != before.isMarkedForDeletion());
  }

  /** Returns a hash of what is read of it; empty if it does not matter. */
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
        || other.configMaps().contains(ForeignFlannel.CONFIG_MAP);
  }

  private Kept keep(DaemonSet daemonSet, Optional<Kept> before) {
    if (isOurs(daemonSet)) {
      return new Kept(daemonSet, Optional.empty(), 0);
    }
    if (!isNamesake(daemonSet)) {
      return inShort(daemonSet);
    }
    int length = length(daemonSet.getSpec());
    if (length > LONGEST_TOGETHER || length - leftNodes(daemonSet) > LONGEST) {
      return before.flatMap(Kept::other).isPresent() ? inShort(daemonSet) : tooLarge(daemonSet);
    }
    return fitted(new Kept(adoptable(daemonSet), Optional.empty(), length));
  }

  /**
   * Returns what to keep of an adoptable DaemonSet. While all of them together are too long, the
   * largest is reduced to its short form.
   */
  private Kept fitted(Kept wanted) {
    String own = store.getKey(wanted.daemonSet());
    Map<String, Kept> whole = new HashMap<>(Map.of(own, wanted));
    store
        .kept()
        .filter(kept -> kept.length() > 0)
        .forEach(kept -> whole.putIfAbsent(store.getKey(kept.daemonSet()), kept));
    while (whole.values().stream().mapToInt(Kept::length).sum() > LONGEST_TOGETHER) {
      Kept largest = Collections.max(whole.values(), Comparator.comparingInt(Kept::length));
      String key = store.getKey(largest.daemonSet());
      whole.remove(key);
      Kept less = tooLarge(largest.daemonSet());
      if (key.equals(own)) {
        return less;
      }
      store.replace(key, less);
    }
    return wanted;
  }

  private static Kept tooLarge(DaemonSet daemonSet) {
    LOG.warn(
        "DaemonSet {} is larger than a flannel's, and can't be taken over",
        Cache.metaNamespaceKeyFunc(daemonSet));
    return inShort(daemonSet);
  }

  private static Kept inShort(DaemonSet daemonSet) {
    OtherDaemonSet other = OtherDaemonSet.of(daemonSet).bounded();
    boolean matters = isNamesake(daemonSet) || matters(other);
    ObjectMeta meta = Namesakes.slim(daemonSet.getMetadata());
    meta.setLabels(Map.of());
    meta.setAnnotations(Map.of());
    if (matters) {
      meta.setAdditionalProperty(READ, text(other));
    }
    return new Kept(
        new DaemonSetBuilder().withMetadata(meta).build(),
        Optional.of(other).filter(_ -> matters),
        0);
  }

  /** Drops what others may add besides the spec, such as the last-applied annotation. */
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

  /** Returns the length of the node affinity that excludes the nodes it was made to leave. */
  private static int leftNodes(DaemonSet daemonSet) {
    return Optional.ofNullable(daemonSet.getSpec().getTemplate().getSpec().getAffinity())
        .map(it -> it.getNodeAffinity())
        .map(it -> it.getRequiredDuringSchedulingIgnoredDuringExecution())
        .stream()
        .flatMap(it -> it.getNodeSelectorTerms().stream())
        .flatMap(term -> term.getMatchFields().stream())
        .filter(one -> ForeignFlannel.NODE_NAME.equals(one.getKey()))
        .mapToInt(one -> length(one) + 1)
        .sum();
  }
}
