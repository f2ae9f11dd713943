package io.flannel.operator.decide.change;

import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.live.AppliedConfig;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a change does to the MTU of running pods. They keep theirs until they restart. One that is
 * larger than the new overlay's costs them packets; a smaller one costs nothing.
 */
final class PodMtu {
  /** Ethernet's MTU, the least that nearly all NICs have. */
  private static final int ETHERNET = 1500;

  private PodMtu() {}

  /** Returns the warning before a change; empty if no pod keeps a larger MTU. */
  static Optional<String> warning(AppliedConfig before, AppliedConfig after) {
    Optional<String> smaller =
        before.mtu().isPresent()
            ? fromPinned(before.mtu().getAsInt(), after)
            : fromEachNodesOwn(before, after);
    return smaller.map(
        mtu ->
            "pods' MTU becomes smaller (%s): pods that run keep the larger one until they restart, and"
                    .formatted(mtu)
                + " lose or fragment large packets meanwhile. Restart them after the change; or set mtu"
                + " to the smaller one beforehand, restart them at leisure, and change then: no pod"
                + " has a larger one any more");
  }

  private static Optional<String> fromPinned(int before, AppliedConfig after) {
    if (after.mtu().isPresent()) {
      return after.mtu().getAsInt() < before
          ? Optional.of("%d -> %d".formatted(before, after.mtu().getAsInt()))
          : Optional.empty();
    }
    OptionalInt overhead = overhead(after);
    return overhead.isPresent() && before > ETHERNET - overhead.getAsInt()
        ? Optional.of(
            "%d -> %s, on nodes where that is less".formatted(before, own(overhead.getAsInt())))
        : Optional.empty();
  }

  private static Optional<String> fromEachNodesOwn(AppliedConfig before, AppliedConfig after) {
    OptionalInt overhead = overhead(before);
    if (overhead.isEmpty()) {
      return Optional.empty();
    }
    String own = own(overhead.getAsInt());
    if (after.mtu().isPresent()) {
      int pinned = after.mtu().getAsInt();
      return pinned < ETHERNET - overhead.getAsInt()
          ? Optional.of("%s -> %d".formatted(own, pinned))
          : Optional.empty();
    }
    OptionalInt next = overhead(after);
    return next.isPresent() && next.getAsInt() > overhead.getAsInt()
        ? Optional.of("%s -> %s".formatted(own, own(next.getAsInt())))
        : Optional.empty();
  }

  private static OptionalInt overhead(AppliedConfig config) {
    return config.backend().map(Backend::overhead).map(OptionalInt::of).orElse(OptionalInt.empty());
  }

  /** Describes the pods' MTU if none is pinned. */
  private static String own(int overhead) {
    return "the node's NIC less %d: %d of %d".formatted(overhead, ETHERNET - overhead, ETHERNET);
  }
}
