package io.flannel.operator.agent;

import io.flannel.operator.agent.ProbeSettings.Target;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The peers, with what is known of each.
 *
 * @param all in the order of the settings
 * @param byAddress who may ask; of two peers that claim one address, the first
 */
record ProbedPeers(List<Peer> all, Map<InetAddress, Peer> byAddress) {
  static final ProbedPeers NONE = new ProbedPeers(List.of(), Map.of());

  /** So many a second are answered to one peer: an interval of 1 s needs up to 17. */
  private static final int ANSWERS_PER_SECOND = 20;

  /** What a peer asks while this one gets no CPU for some seconds. */
  private static final int ANSWERS_AT_ONCE = 40;

  /** At most so many are looked at closely. */
  private static final int CLOSELY = 8;

  /**
   * A peer with what is known of it.
   *
   * @param answers to what it signed
   * @param others answers to what came in its name without a signature, or was there before: an
   *     agent that knows of no key needs as many, and whoever forges requests takes no other's
   */
  record Peer(
      Target target,
      PeerHealth health,
      PeerSignature signature,
      RateLimit answers,
      RateLimit others) {

    /** The same at other addresses. */
    Peer with(Target other) {
      return new Peer(other, health, signature, answers, others);
    }
  }

  /**
   * Those that are wanted now; what is known of those that stay is kept.
   *
   * @param own this node's name
   */
  ProbedPeers with(ProbeSettings settings, String own) {
    Map<String, Peer> known = new HashMap<>();
    all.forEach(peer -> known.put(peer.target().name(), peer));
    List<Peer> wanted = settings.peers().stream().map(target -> peer(known, target, own)).toList();
    Map<InetAddress, Peer> byAddress = new HashMap<>();
    for (Peer peer : wanted) {
      peer.health().keepOnly(settings.paths(peer.target()));
      peer.target().addresses().forEach(address -> byAddress.putIfAbsent(address, peer));
    }
    return new ProbedPeers(wanted, byAddress);
  }

  /** Whose address that is. */
  Optional<Peer> at(InetAddress address) {
    return Optional.ofNullable(byAddress.get(address));
  }

  /** Those to look at closely, if there is any that loses: all if they are few, to compare. */
  List<Peer> worthALook() {
    List<Peer> losing =
        all.stream().filter(peer -> peer.health().isLosing()).limit(CLOSELY).toList();
    return losing.isEmpty() || all.size() > CLOSELY ? losing : all;
  }

  /** The same peer at another address is another one: nothing is known of it. */
  private static Peer peer(Map<String, Peer> known, Target target, String own) {
    Peer before = known.get(target.name());
    if (before == null || !before.target().address().equals(target.address())) {
      return new Peer(
          target,
          new PeerHealth(target.name(), target.address()),
          new PeerSignature(own, target.name()),
          answers(),
          answers());
    }
    return before.target().equals(target) ? before : before.with(target);
  }

  private static RateLimit answers() {
    return new RateLimit(ANSWERS_PER_SECOND, ANSWERS_AT_ONCE, System.nanoTime());
  }
}
