package io.flannel.operator.agent;

import io.flannel.operator.agent.ProbedPeers.Peer;
import java.net.InetSocketAddress;

/**
 * Answers the peers' requests.
 *
 * <p>Requests that a peer signed have a rate limit of their own, which nobody who forges requests
 * in its name can use up. Unsigned ones are answered, too, up to another limit: the peer's agent
 * may have no key, or not yet the same one.
 */
final class PeerRequests {
  /** Minimum time between two warnings about forged requests. */
  private static final long TELL_AGAIN_NANOS = 600_000_000_000L;

  private final EchoSocket socket;
  private long toldUntil = System.nanoTime();

  PeerRequests(EchoSocket socket) {
    this.socket = socket;
  }

  /**
   * Answers a request unless a rate limit forbids it. The answer goes to the port that all agents
   * listen on, not to the request's source port: flannel's masquerading (--ip-masq) gives what a
   * node sends to pods' addresses, such as to a bridge or by a direct route, a random source port,
   * and would translate the answer back only if it came from the very address that was asked.
   *
   * @param asker the sender's address, with the agents' port
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
