package io.flannel.operator.observe;

import static io.flannel.operator.flannel.OrEmpty.orEmpty;

import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.flannel.Times;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import io.flannel.operator.render.FlannelDaemonSet;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Keeps only what {@link FlannelPod} needs of flannel's pods, and when each pod's containers were
 * first seen ready: by the operator's clock, since a node's own may be wrong.
 */
final class FlannelPodStore {
  /** Ours have 10 characters. */
  private static final int REVISION_LENGTH = 64;

  /** The conditions that matter. */
  private static final List<String> READ = List.of("ContainersReady", RolloutAnnotations.GATE);

  private record Kept(Pod pod, FlannelPod read) {}

  private final GuardedStore<Pod, Kept> store = new GuardedStore<>(this::keep, Kept::pod);
  private final Clock clock;

  FlannelPodStore(Clock clock) {
    this.clock = clock;
  }

  /** The pods, reduced to what tells them apart. */
  ItemStore<Pod> items() {
    return store;
  }

  /**
   * The pods that are not being deleted, sorted by node. Of two on one node, the younger comes
   * first.
   */
  List<FlannelPod> pods() {
    return store
        .kept()
        .filter(kept -> !kept.pod().isMarkedForDeletion())
        .sorted(
            Comparator.comparing((Kept kept) -> kept.read().node())
                .thenComparing(
                    kept -> kept.pod().getMetadata().getCreationTimestamp(),
                    Comparator.nullsFirst(Comparator.reverseOrder())))
        .map(Kept::read)
        .toList();
  }

  /** The nodes that have a pod, including one that is being deleted. */
  Set<String> nodes() {
    return store.kept().map(kept -> kept.read().node()).collect(Collectors.toSet());
  }

  /** When the pods being deleted end at the latest, by their deletion timestamps. */
  Stream<Instant> ends() {
    return store
        .kept()
        .flatMap(kept -> Stream.ofNullable(kept.pod().getMetadata().getDeletionTimestamp()))
        .flatMap(time -> Times.tryParse(time).stream());
  }

  /** Whether the two differ in what is kept. */
  static boolean differ(Pod now, Pod before) {
    return now.isMarkedForDeletion() != before.isMarkedForDeletion()
        || !read(now, Optional.empty()).equals(read(before, Optional.empty()))
        || is(now, "ContainersReady") != is(before, "ContainersReady");
  }

  private static FlannelPod read(Pod pod, Optional<Instant> runningSince) {
    return new FlannelPod(
        pod.getMetadata().getName(),
        nodeOf(pod.getSpec()),
        revision(pod),
        LiveFlannelReader.configHash(pod.getSpec()),
        runningSince,
        is(pod, RolloutAnnotations.GATE));
  }

  /** A DaemonSet's pod names its node in its affinity before it is bound to it. */
  private static String nodeOf(PodSpec spec) {
    if (spec.getNodeName() != null) {
      return spec.getNodeName();
    }
    return Optional.ofNullable(spec.getAffinity())
        .map(it -> it.getNodeAffinity())
        .map(it -> it.getRequiredDuringSchedulingIgnoredDuringExecution())
        .stream()
        .flatMap(it -> it.getNodeSelectorTerms().stream())
        .flatMap(term -> term.getMatchFields().stream())
        .filter(field -> "metadata.name".equals(field.getKey()))
        .map(NodeSelectorRequirement::getValues)
        .flatMap(List::stream)
        .findFirst()
        .orElse("");
  }

  private static String revision(Pod pod) {
    String written =
        orEmpty(pod.getMetadata().getAnnotations()).getOrDefault(RolloutAnnotations.REVISION, "");
    return PrintableText.cut(written, REVISION_LENGTH);
  }

  private static PodCondition holds(String type) {
    return new PodConditionBuilder().withType(type).withStatus("True").build();
  }

  private static boolean is(Pod pod, String condition) {
    return pod.getStatus() != null
        && pod.getStatus().getConditions().stream()
            .anyMatch(it -> condition.equals(it.getType()) && "True".equals(it.getStatus()));
  }

  private Kept keep(Pod pod, Optional<Kept> before) {
    Optional<Instant> since = Optional.empty();
    if (is(pod, "ContainersReady")) {
      since =
          before
              .filter(kept -> uid(kept.pod()).equals(uid(pod)))
              .flatMap(kept -> kept.read().runningSince())
              .or(() -> Optional.of(clock.instant()));
    }
    return new Kept(slim(pod), read(pod, since));
  }

  private static String uid(Pod pod) {
    return String.valueOf(pod.getMetadata().getUid());
  }

  /** Returns what tells two pods apart; a whole pod is 10 kB. */
  private static Pod slim(Pod pod) {
    return new PodBuilder()
        .withMetadata(
            Identity.of(pod.getMetadata())
                .withAnnotations(Map.of(RolloutAnnotations.REVISION, revision(pod)))
                .build())
        .withNewSpec()
        .withNodeName(nodeOf(pod.getSpec()))
        .addNewVolume()
        .withName(FlannelDaemonSet.CONFIG_VOLUME)
        .withNewConfigMap()
        .withName(LiveFlannelReader.configMapName(pod.getSpec()))
        .endConfigMap()
        .endVolume()
        .endSpec()
        .withNewStatus()
        .withConditions(
            READ.stream().filter(type -> is(pod, type)).map(FlannelPodStore::holds).toList())
        .endStatus()
        .build();
  }
}
