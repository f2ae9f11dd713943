package io.flannel.operator.agent;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * How a node and one of its peers sign their requests to each other, and which of the peer's were
 * there before. For use by one thread.
 */
final class PeerSignature {
  /**
   * The time that a number stands for: an agent that restarts goes on with a higher one as long as
   * it asked less often than this, which 17 times a second at most is.
   */
  private static final int MILLIS_EACH = 50;

  /** What is made of one of the network's keys. */
  private record Held(NetworkKey key, PairKey sent, PairKey received, ReplayWindow seen) {}

  private final String own;
  private final String peer;
  private ProbeKeys keys = ProbeKeys.NONE;
  private List<Held> held = List.of();
  private Optional<PairKey> signing = Optional.empty();
  private int number;
  private boolean numbered;

  /**
   * @param own this node's name
   * @param peer the peer's
   */
  PeerSignature(String own, String peer) {
    this.own = own;
    this.peer = peer;
  }

  /** From now on uses these; of those that stay, it is still known what was there. */
  void use(ProbeKeys now) {
    if (now.equals(keys)) {
      return;
    }
    keys = now;
    held = now.accepted().stream().map(key -> held(key).orElseGet(() -> hold(key))).toList();
    signing = now.signing().flatMap(this::held).map(Held::sent);
  }

  private Optional<Held> held(NetworkKey key) {
    return held.stream().filter(it -> it.key().equals(key)).findFirst();
  }

  private Held hold(NetworkKey key) {
    return new Held(
        key, PairKey.of(key, own, peer), PairKey.of(key, peer, own), new ReplayWindow());
  }

  /**
   * The nonce of the next request; empty: it can't be signed.
   *
   * @param length of its payload
   * @param millis the time by this node's clock, which nothing else is compared with
   */
  OptionalLong sign(int length, long millis) {
    if (signing.isEmpty()) {
      return OptionalLong.empty();
    }
    int byTime = (int) (millis / MILLIS_EACH);
    number++;
    if (!numbered || byTime - number > 0) {
      number = byTime;
      numbered = true;
    }
    return OptionalLong.of(signing.get().nonce(number, length));
  }

  /** Whether the peer signed this request, and it was not there before. */
  boolean isGenuine(EchoPacket request) {
    for (Held one : held) {
      OptionalInt signed = one.received().number(request.nonce(), request.length());
      if (signed.isPresent()) {
        return one.seen().isFresh(signed.getAsInt());
      }
    }
    return false;
  }
}
