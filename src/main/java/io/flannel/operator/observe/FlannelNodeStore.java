package io.flannel.operator.observe;

import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the FlannelNodes, without their managed fields, and when each one's report arrived: by this
 * clock, since a node's own may be wrong or jump.
 */
public final class FlannelNodeStore implements ItemStore<FlannelNode> {
  private record Kept(FlannelNode node, Optional<Instant> arrived) {}

  private final Map<String, Kept> byName = new ConcurrentHashMap<>();
  private final Map<String, String> faults = new ConcurrentHashMap<>();
  private final Clock clock;

  public FlannelNodeStore(Clock clock) {
    this.clock = clock;
  }

  /** When the present report arrived; empty: there is none, or no such FlannelNode. */
  Optional<Instant> arrived(String name) {
    return Optional.ofNullable(byName.get(name)).flatMap(Kept::arrived);
  }

  /**
   * Whether more changed than a report's time and its figures, which move all the while, and what
   * is only shown. Who owns it and whose it is by its labels is what we write.
   */
  public static boolean differ(FlannelNode now, FlannelNode before) {
    return !Objects.equals(now.getSpec(), before.getSpec())
        || !Objects.equals(now.getMetadata().getLabels(), before.getMetadata().getLabels())
        || !Objects.equals(
            now.getMetadata().getOwnerReferences(), before.getMetadata().getOwnerReferences())
        || !Unread.of(now).equals(Unread.of(before))
        || !Objects.equals(
            now.getMetadata().getDeletionTimestamp(), before.getMetadata().getDeletionTimestamp())
        || !Objects.equals(substance(now.getStatus()), substance(before.getStatus()));
  }

  private static @Nullable FlannelNodeStatus substance(@Nullable FlannelNodeStatus status) {
    if (status == null) {
      return null;
    }
    List<PeerReport> peers = status.peers();
    return new FlannelNodeStatus(
        status.observedGeneration(),
        null,
        status.agentVersion(),
        status.agentSince(),
        status.stopping(),
        status.bootedAt(),
        status.device(),
        status.bridgeAddress(),
        null,
        null,
        status.findings(),
        peers == null
            ? null
            : peers.stream().filter(Objects::nonNull).map(FlannelNodeStore::substance).toList());
  }

  private static PeerReport substance(PeerReport peer) {
    return new PeerReport(
        peer.name(),
        peer.address(),
        peer.overlay(),
        peer.fullSize(),
        peer.underlay(),
        peer.alive(),
        peer.lossy(),
        null,
        null,
        null,
        null,
        peer.since(),
        null);
  }

  /** Whether this is not what was last said of the node. */
  boolean isNewFault(String name, String fault) {
    return !fault.equals(faults.put(name, fault));
  }

  @Override
  public String getKey(FlannelNode node) {
    return node.getMetadata().getName();
  }

  @Override
  public @Nullable FlannelNode put(String key, FlannelNode node) {
    node.getMetadata().setManagedFields(List.of());
    Kept before = byName.get(key);
    String reported = reportedAt(node);
    Optional<Instant> arrived = Optional.empty();
    if (reported != null) {
      arrived =
          before != null && reported.equals(reportedAt(before.node()))
              ? before.arrived()
              : Optional.of(clock.instant());
    }
    byName.put(key, new Kept(node, arrived));
    return node(before);
  }

  private static @Nullable String reportedAt(FlannelNode node) {
    return node.getStatus() == null ? null : node.getStatus().reportedAt();
  }

  private static @Nullable FlannelNode node(@Nullable Kept kept) {
    return kept == null ? null : kept.node();
  }

  @Override
  public @Nullable FlannelNode remove(String key) {
    faults.remove(key);
    return node(byName.remove(key));
  }

  @Override
  public Stream<String> keySet() {
    return byName.keySet().stream();
  }

  @Override
  public Stream<FlannelNode> values() {
    return byName.values().stream().map(Kept::node);
  }

  @Override
  public int size() {
    return byName.size();
  }

  @Override
  public @Nullable FlannelNode get(String key) {
    return node(byName.get(key));
  }

  @Override
  public boolean isFullState() {
    return false;
  }
}
