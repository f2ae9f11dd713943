package io.flannel.operator.agent;

import io.flannel.operator.agent.ProbeSettings.Target;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The probed peers and what is known about each.
 *
 * @param all in the order of the settings
 * @param byAddress the peers whose requests are answered; of two that claim one address, the first
 */
record ProbedPeers(List<Peer> all, Map<InetAddress, Peer> byAddress) {
  static final ProbedPeers NONE = new ProbedPeers(List.of(), Map.of());

  /** Maximum number of answers to one peer per second: an interval of 1 s needs up to 17. */
  private static final int ANSWERS_PER_SECOND = 20;

  /**
   * Maximum number of answers to one peer at once: what it asks while this agent gets no CPU for
   * some seconds.
   */
  private static final int ANSWERS_AT_ONCE = 40;

  /** Maximum number of peers that get a closer look. */
  private static final int CLOSELY = 8;

  /**
   * A peer and what is known about it.
   *
   * @param answers limits answers to requests that it signed
   * @param others limits answers to unsigned and replayed requests in its name. The limit is as
   *     high, because an agent without a key needs as many; forged requests use up only this one
   */
  record Peer(
      Target target,
      PeerHealth health,
      PeerSignature signature,
      RateLimit answers,
      RateLimit others) {

    /** Returns the same peer with other addresses. */
    Peer with(Target other) {
      return new Peer(other, health, signature, answers, others);
    }
  }

  /**
   * Returns the peers of these settings; what is known about peers that stay is kept.
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

  /** The peer with this address. */
  Optional<Peer> at(InetAddress address) {
    return Optional.ofNullable(byAddress.get(address));
  }

  /**
   * The peers that get a closer look: none if no peer loses probes, all if there are few, to
   * compare them, else those that lose.
   */
  List<Peer> worthALook() {
    List<Peer> losing =
        all.stream().filter(peer -> peer.health().isLosing()).limit(CLOSELY).toList();
    return losing.isEmpty() || all.size() > CLOSELY ? losing : all;
  }

  /** A peer whose node address changed counts as another one: nothing is known about it. */
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
