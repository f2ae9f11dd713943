package io.flannel.operator.agent.checks;

import io.flannel.operator.decide.problem.NodeFault;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How long the node has been expected to have what it should have. The operator and flannel learn
 * of a node that joins, leaves or changes at the same time, but each takes its own time to react:
 * what is missing meanwhile is not a fault.
 */
final class SettlingTimes {
  private final long grace;
  private Optional<Expected> last = Optional.empty();
  private final Map<String, Long> peerSince = new HashMap<>();
  private long peersSince;
  private long nodeSince;

  /**
   * @param grace how long flannel may take to follow a change
   */
  SettlingTimes(Duration grace) {
    this.grace = grace.toNanos();
  }

  /**
   * Records what is expected now. What the first call expects counts as old: an agent that restarts
   * finds a node where flannel is running.
   *
   * @param nanos of a monotonic clock
   */
  void expect(long nanos, Expected expected) {
    Map<String, Expected.Peer> before = new HashMap<>();
    last.ifPresent(was -> was.peers().forEach(peer -> before.put(peer.name(), peer)));
    long since = last.isEmpty() ? nanos - grace : nanos;
    if (!last.map(was -> was.withPeers(List.of()))
        .equals(Optional.of(expected.withPeers(List.of())))) {
      nodeSince = since;
    }
    if (!last.map(Expected::peers).equals(Optional.of(expected.peers()))) {
      peersSince = since;
    }
    for (Expected.Peer peer : expected.peers()) {
      if (!peer.equals(before.get(peer.name()))) {
        peerSince.put(peer.name(), since);
      }
    }
    peerSince.keySet().retainAll(expected.peers().stream().map(Expected.Peer::name).toList());
    last = Optional.of(expected);
  }

  /** Whether flannel had enough time to do what the sighting says is missing. */
  boolean isSettled(long nanos, Finding sighting) {
    long since = nodeSince;
    if (sighting.fault() == NodeFault.ROUTE_STALE) {
      since = Math.max(since, peersSince);
    }
    if (sighting.peer().isPresent()) {
      since = Math.max(since, peerSince.getOrDefault(sighting.peer().get(), nanos));
    }
    return nanos - since >= grace;
  }
}
