package io.flannel.operator.agent;

import io.flannel.operator.agent.ProbedPeers.Peer;
import java.net.InetSocketAddress;

/**
 * Answers what the peers ask.
 *
 * <p>What a peer signed has answers of its own, so that nobody who sends in its name takes them.
 * What it did not sign is answered as well as long as there is not too much of it: its agent may
 * know of no key, or not yet of the same.
 */
final class PeerRequests {
  /** So seldom it is said that requests are forged. */
  private static final long TELL_AGAIN_NANOS = 600_000_000_000L;

  private final EchoSocket socket;
  private long toldUntil = System.nanoTime();

  PeerRequests(EchoSocket socket) {
    this.socket = socket;
  }

  /**
   * Takes a request. The answer goes to the port that all agents listen on, whatever the request
   * came from: flannel's masquerading (--ip-masq) gives what a node sends to pods' addresses, such
   * as to a bridge or by a direct route, a random source port, and would give the answer back its
   * own only if that came from the very address that was asked.
   *
   * @param asker whence it came, with that port
   */
  void take(Peer peer, EchoPacket request, InetSocketAddress asker, long now) {
    boolean genuine = peer.signature().isGenuine(request);
    if ((genuine ? peer.answers() : peer.others()).allows(now)) {
      socket.trySend(request.answer(), asker);
    } else if (!genuine && now - toldUntil >= 0) {
      toldUntil = now + TELL_AGAIN_NANOS;
      Log.warn(
          PeerRequests.class,
          ("more requests come in the name of %s than it can have sent, and without its signature:"
                  + " look who sends from %s to UDP port %d. What it signs is still answered")
              .formatted(
                  peer.target().name(), asker.getAddress().getHostAddress(), asker.getPort()));
    }
  }
}
