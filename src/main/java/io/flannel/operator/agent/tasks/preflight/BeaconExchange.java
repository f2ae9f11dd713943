package io.flannel.operator.agent.tasks.preflight;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Sends beacons to all peers and listens for theirs, until all are finished or the time is over.
 * Single-threaded; waiting relies on {@link System#nanoTime} alone.
 *
 * <p>Each peer gets at most one small beacon per round, and every fifth round a full-size one: 150
 * and 30 in 30 seconds.
 */
final class BeaconExchange {
  /** The time between two rounds. */
  static final Duration ROUND = Duration.ofMillis(200);

  /** Maximum number of packets to read from a socket at once, so that sending is not delayed. */
  private static final int READS_AT_ONCE = 512;

  /** One of this node's addresses, the socket to send from there, and the peers to send to. */
  record Party(InetAddress own, EncapSocket carrier, List<PeerSession> counterparts) {}

  private final long nonce;
  private final List<Party> parties;
  private final Map<InetAddress, PeerSession> byAddress = new HashMap<>();
  private Optional<String> refused = Optional.empty();

  BeaconExchange(long nonce, List<Party> parties) {
    this.nonce = nonce;
    this.parties = List.copyOf(parties);
    for (Party party : parties) {
      party.counterparts().forEach(peer -> byAddress.put(peer.address(), peer));
    }
  }

  /** The kernel's error for the first packet that it rejected, if there was one. */
  Optional<String> refused() {
    return refused;
  }

  /** Exchanges beacons for at most this long. */
  void run(Duration longest) throws IOException {
    long began = System.nanoTime();
    long rounds = longest.dividedBy(ROUND);
    for (int round = 0; round < rounds && !finished(); round++) {
      send(round);
      listen(began + (round + 1) * ROUND.toNanos());
    }
  }

  private boolean finished() {
    return byAddress.values().stream().allMatch(PeerSession::finished);
  }

  private void send(int round) {
    for (Party party : parties) {
      for (PeerSession peer : party.counterparts()) {
        for (Beacon beacon :
            peer.beacons(round, nonce, party.own(), party.carrier().fullLength())) {
          try {
            party.carrier().send(beacon);
          } catch (IOException e) {
            // It is lost, like one that a firewall on the way drops.
            refused = refused.or(() -> Optional.of(String.valueOf(e.getMessage())));
          }
        }
      }
    }
  }

  private void listen(long until) throws IOException {
    List<RawSocket> sockets = new ArrayList<>();
    parties.forEach(party -> sockets.add(party.carrier().socket()));
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      RawSocket.await(sockets, Math.toIntExact(left / 1_000_000 + 1));
      for (Party party : parties) {
        read(party);
      }
    }
  }

  private void read(Party party) throws IOException {
    for (int i = 0; i < READS_AT_ONCE && party.carrier().receive(); i++) {
      party
          .carrier()
          .beacon()
          .filter(beacon -> beacon.nonce() == nonce && beacon.to().equals(party.own()))
          .ifPresent(
              beacon -> {
                PeerSession peer = byAddress.get(beacon.from());
                if (peer != null) {
                  peer.take(beacon);
                }
              });
    }
  }
}
