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
final class DaemonSetStore {
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

  /**
   * What is kept of one.
   *
   * @param other of one that is kept in short, if it matters
   * @param length of one that may be adopted; 0 of all else
   */
  private record Kept(DaemonSet daemonSet, Optional<OtherDaemonSet> other, int length) {}

  private final GuardedStore<DaemonSet, Kept> store =
      new GuardedStore<>(this::keep, Kept::daemonSet);
  private final String agentNamespace;

  /** Prepares it; the node agents are in this namespace. */
  DaemonSetStore(String agentNamespace) {
    this.agentNamespace = agentNamespace;
  }

  /** What is kept of all of them. */
  ItemStore<DaemonSet> items() {
    return store;
  }

  /** Of those that are kept in short, the ones that run a flannel or name something of one. */
  Stream<OtherDaemonSet> others() {
    return store.kept().flatMap(kept -> kept.other().stream());
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

  /** What is to be kept of one that may be adopted, when of the largest no more is kept. */
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

  /** Length of what excludes the nodes that it was made to leave. */
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
