package io.flannel.operator.decide.health;

import io.flannel.operator.api.FlannelNodeStatus.PeerReport;

/**
 * What one node's probes of another show, from good to bad; see docs/tunnel-health.md for the
 * table.
 */
public enum PathState {
  /** Nothing was measured yet. */
  UNMEASURED,
  /** Probes pass. With host-gw and a peer without a bridge, only the node address is probed. */
  PASSES,
  /** Enough probes are lost for connections to suffer. */
  LOSSY,
  /** Small packets pass through the overlay, full-size ones do not. */
  FULL_SIZE_LOST,
  /** The overlay loses everything, the node address answers. */
  TUNNEL_LOST,
  /** Nothing answers but the node itself: its agent is silent. */
  SILENT,
  /** Nothing answers, and it is not known yet whether the node itself does. */
  UNDECIDED,
  /** Nothing answers, not even the node itself. */
  UNREACHABLE;

  static PathState of(PeerReport probed) {
    Boolean overlay = probed.overlay();
    Boolean underlay = probed.underlay();
    if (Boolean.TRUE.equals(overlay) || (overlay == null && Boolean.TRUE.equals(underlay))) {
      if (Boolean.FALSE.equals(probed.fullSize())) {
        return FULL_SIZE_LOST;
      }
      return Boolean.TRUE.equals(probed.lossy()) ? LOSSY : PASSES;
    }
    if (overlay == null && underlay == null) {
      return UNMEASURED;
    }
    if (Boolean.TRUE.equals(underlay)) {
      return TUNNEL_LOST;
    }
    if (underlay == null || probed.alive() == null) {
      return UNDECIDED;
    }
    return probed.alive() ? SILENT : UNREACHABLE;
  }

  /** Whether small packets pass. */
  public boolean reached() {
    return this == PASSES || this == LOSSY || this == FULL_SIZE_LOST;
  }

  /** Whether nothing is heard of the other node's agent. */
  public boolean gone() {
    return this == SILENT || this == UNDECIDED || this == UNREACHABLE;
  }

  /** Whether small packets through the overlay are lost. */
  public boolean lost() {
    return this == TUNNEL_LOST || gone();
  }
}
