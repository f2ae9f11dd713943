package io.flannel.operator.agent.tasks.preflight;

import io.flannel.operator.agent.tasks.preflight.Beacon.Heard;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * A peer's address and what both sides have heard from each other: a handshake like BFD's (RFC
 * 5880), so that neither side stops before the other knows.
 */
final class PeerSession {
  /**
   * Number of rounds in which a peer is told that nothing is missing: at least one of them will
   * arrive.
   */
  static final int FAREWELLS = 5;

  /**
   * Number of rounds from one with full-size beacons to the next. A peer that lacks nothing gets
   * beacons in these rounds alone.
   */
  static final int FULL_SIZE_EVERY = 5;

  private final InetAddress address;
  private boolean heardSmall;
  private boolean heardFull;
  private Heard said = Heard.NOTHING;
  private int farewells;

  PeerSession(InetAddress address) {
    this.address = address;
  }

  InetAddress address() {
    return address;
  }

  /** Records a beacon of the peer. What was heard once stays heard. */
  void take(Beacon beacon) {
    heardSmall |= !beacon.fullSize();
    heardFull |= beacon.fullSize();
    Heard now = beacon.heard();
    said =
        new Heard(said.small() || now.small(), said.full() || now.full(), said.all() || now.all());
  }

  /** Returns the beacons to send in a round, counted from 0, and counts the round as sent. */
  List<Beacon> beacons(int round, long nonce, InetAddress own, int fullLength) {
    boolean sparse = round % FULL_SIZE_EVERY == 0;
    List<Beacon> beacons = new ArrayList<>(2);
    if (!finished() || sparse) {
      beacons.add(new Beacon(nonce, own, address, false, heard(), Beacon.MIN_LENGTH));
    }
    if (sparse && !said.full()) {
      beacons.add(new Beacon(nonce, own, address, true, heard(), fullLength));
    }
    if (heard().all() && said.all()) {
      farewells++;
    }
    return beacons;
  }

  /** Whether both sides lack nothing and the peer was told often enough. */
  boolean finished() {
    return farewells >= FAREWELLS;
  }

  /** Whether nothing was heard. A full-size beacon also shows that small ones arrive. */
  boolean silent() {
    return !heardSmall && !heardFull;
  }

  boolean smallOnly() {
    return heardSmall && !heardFull;
  }

  private Heard heard() {
    boolean small = !silent();
    return new Heard(small, heardFull, small && heardFull && said.small() && said.full());
  }
}
