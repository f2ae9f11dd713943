package io.flannel.operator.observe;

import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.flannel.operator.api.FlannelNode;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the FlannelNodes without their managed fields, and when each one's report arrived: by the
 * operator's clock, since a node's own may be wrong or jump.
 */
public final class FlannelNodeStore {
  /**
   * What is kept of one FlannelNode.
   *
   * @param arrived when its current report arrived
   * @param fault the fault last logged for it
   */
  private record Kept(FlannelNode node, Optional<Instant> arrived, AtomicReference<String> fault) {}

  private final GuardedStore<FlannelNode, Kept> store = new GuardedStore<>(this::keep, Kept::node);
  private final Clock clock;

  public FlannelNodeStore(Clock clock) {
    this.clock = clock;
  }

  public ItemStore<FlannelNode> items() {
    return store;
  }

  /** When the current report arrived; empty if there is no report or no such FlannelNode. */
  Optional<Instant> arrived(String name) {
    return store.kept(name).flatMap(Kept::arrived);
  }

  /**
   * Whether anything relevant changed: not the report's time and measurements, which change
   * constantly, nor fields that are only displayed. Owner references and labels count because this
   * operator writes them.
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

  /** Whether this differs from the fault last logged for the node; remembers it. */
  boolean isNewFault(String name, String fault) {
    return store.kept(name).filter(kept -> fault.equals(kept.fault().getAndSet(fault))).isEmpty();
  }

  private Kept keep(FlannelNode node, Optional<Kept> before) {
    node.getMetadata().setManagedFields(List.of());
    String reported = reportedAt(node);
    Optional<Instant> arrived = Optional.empty();
    if (reported != null) {
      arrived =
          before
              .filter(kept -> reported.equals(reportedAt(kept.node())))
              .map(Kept::arrived)
              .orElseGet(() -> Optional.of(clock.instant()));
    }
    return new Kept(
        node, arrived, before.map(Kept::fault).orElseGet(() -> new AtomicReference<>("")));
  }

  private static @Nullable String reportedAt(FlannelNode node) {
    return node.getStatus() == null ? null : node.getStatus().reportedAt();
  }
}
