package io.flannel.operator.agent.checks;

import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.PrintableText;
import java.util.Comparator;
import java.util.Optional;

/**
 * A fault as seen in one poll.
 *
 * @param peer the peer that it is about; empty if it is about the node itself
 * @param message what was seen and what should be there
 */
record Finding(NodeFault fault, Optional<String> peer, String message) {
  /**
   * The node's own faults first. The order is fixed, so that an unchanged report stays unchanged.
   */
  static final Comparator<Finding> ORDER =
      Comparator.comparing((Finding sighting) -> sighting.fault().scope())
          .thenComparing(Finding::fault)
          .thenComparing(sighting -> sighting.peer().orElse(""));

  static Finding ofNode(NodeFault fault, String message) {
    return new Finding(fault, Optional.empty(), message);
  }

  static Finding ofPeer(NodeFault fault, Expected.Peer peer, String message) {
    return new Finding(fault, Optional.of(peer.name()), message);
  }

  /** Identifies the same fault in several polls, whatever its message. */
  record Key(NodeFault fault, Optional<String> peer) {}

  Key key() {
    return new Key(fault, peer);
  }

  FlannelNodeStatus.Finding finding() {
    return new FlannelNodeStatus.Finding(
        fault.reason(),
        PrintableText.shortened(message, Bounds.FINDING_MESSAGE),
        peer.orElse(null));
  }
}
