package io.flannel.operator.agent;

/** A path to a peer that is probed, and the packets that probe it. */
enum ProbePath {
  /** Small packets to the peer's address in the overlay. */
  OVERLAY,
  /** Packets as large as the pods' MTU, with "don't fragment", to the same address. */
  FULL_SIZE,
  /** Small packets to the peer's node address. */
  UNDERLAY
}
