package io.flannel.operator.agent;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Signs a node's requests to one of its peers, and recognizes the peer's signature and replays. Not
 * thread-safe.
 */
final class PeerSignature {
  /**
   * Milliseconds per number. Numbers follow the clock, so a restarted agent continues with higher
   * ones provided it asked less often than once in this time; it asks at most 17 times a second.
   */
  private static final int MILLIS_EACH = 50;

  /** One of the network's keys and what is derived from it. */
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
   * @param peer the peer's name
   */
  PeerSignature(String own, String peer) {
    this.own = own;
    this.peer = peer;
  }

  /** Switches to these keys. Keys that stay still know which requests were seen. */
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
   * Returns the nonce of the next request; empty if there is no key to sign with.
   *
   * @param length of its payload, in bytes
   * @param millis this node's clock; it is only compared with itself
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

  /** Whether the peer signed this request and it is not a replay. */
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
