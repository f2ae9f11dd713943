package io.flannel.operator.agent;

/** A way to a peer that is probed, and with what. */
enum ProbePath {
  /** Small packets to the peer's address in the overlay. */
  OVERLAY,
  /** Packets of the pods' MTU, not to be fragmented, to the same address. */
  FULL_SIZE,
  /** Small packets to the peer's node address. */
  UNDERLAY
}
