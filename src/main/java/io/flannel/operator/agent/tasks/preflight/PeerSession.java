package io.flannel.operator.agent.tasks.preflight;

import io.flannel.operator.agent.tasks.preflight.Beacon.Heard;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * A peer's address and what both sides have heard of each other: a handshake as BFD's (RFC 5880),
 * so that neither leaves before the other knows.
 */
final class PeerSession {
  /** So many rounds a peer is told that nothing is missing any more: one of them will get there. */
  static final int FAREWELLS = 5;

  /**
   * One round of so many is one of full-size beacons, and all that a peer gets that lacks nothing.
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

  /** Takes what the peer sent. What was heard once stays heard. */
  void take(Beacon beacon) {
    heardSmall |= !beacon.fullSize();
    heardFull |= beacon.fullSize();
    Heard now = beacon.heard();
    said =
        new Heard(said.small() || now.small(), said.full() || now.full(), said.all() || now.all());
  }

  /** What to send in a round, counted from 0; by calling it, the round is counted as sent. */
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

  /** Both lack nothing, and the other has been told often enough. */
  boolean finished() {
    return farewells >= FAREWELLS;
  }

  /** A full-size beacon that came says as much of small ones. */
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
