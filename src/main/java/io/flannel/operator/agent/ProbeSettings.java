package io.flannel.operator.agent;

import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeSpec.Peer;
import io.flannel.operator.api.FlannelNodeSpec.Probe;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.Durations;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Which peers to probe, and how.
 *
 * @param port the UDP port of all agents
 * @param interval the time between two probes of one path
 * @param failAfter how many equal results in a row decide
 * @param mtu the size of a full-size probe as an IP packet, in bytes; empty if none is sent
 */
record ProbeSettings(
    int port, Duration interval, int failAfter, OptionalInt mtu, List<Target> peers) {
  private static final long LONGEST_TIMEOUT_NANOS = 1_000_000_000L;
  private static final int SMALL = 64;
  private static final int UDP_HEADER = 8;

  /**
   * A peer to probe.
   *
   * @param name its Node's name
   * @param address its node address
   * @param overlay its address in the overlay, if it has one
   * @param device the address of its tunnel device, if it has one. Packets that leave by a device
   *     of an older backend have this source address, whatever the current overlay address is
   * @param otherBackend whether it runs another backend: packets then take an older backend's path,
   *     whose MTU may be smaller
   */
  record Target(
      String name,
      InetAddress address,
      Optional<InetAddress> overlay,
      Optional<InetAddress> device,
      boolean otherBackend) {

    /** Whether the peer sends from this address. */
    boolean has(InetAddress from) {
      return from.equals(address)
          || overlay.filter(from::equals).isPresent()
          || device.filter(from::equals).isPresent();
    }

    /** All addresses that the peer sends from. */
    Set<InetAddress> addresses() {
      Set<InetAddress> all = new HashSet<>(Set.of(address));
      overlay.ifPresent(all::add);
      device.ifPresent(all::add);
      return all;
    }
  }

  /**
   * Reads a FlannelNode's spec; empty if it says not to probe.
   *
   * @throws IllegalArgumentException with the wrong field and the reason
   */
  static Optional<ProbeSettings> of(FlannelNodeSpec spec) {
    Probe probe = spec.probe();
    if (probe == null) {
      return Optional.empty();
    }
    if (probe.port() < 1 || probe.port() > 65_535) {
      throw new IllegalArgumentException("spec.probe.port: %d is no port".formatted(probe.port()));
    }
    Duration interval;
    try {
      interval = Durations.parse(probe.interval());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("spec.probe.interval: " + e.getMessage(), e);
    }
    if (interval.compareTo(Duration.ofMillis(100)) < 0) {
      throw new IllegalArgumentException(
          "spec.probe.interval: %s is too short".formatted(probe.interval()));
    }
    List<Target> targets =
        Objects.requireNonNullElse(spec.peers(), List.<Peer>of()).stream()
            .map(
                peer ->
                    new Target(
                        peer.name(),
                        address("address", peer, peer.address()),
                        Optional.ofNullable(peer.overlayAddress())
                            .map(text -> address("overlayAddress", peer, text)),
                        device(spec, peer),
                        peer.backend() != null))
            .toList();
    return Optional.of(
        new ProbeSettings(
            probe.port(), interval, Math.max(1, probe.failAfter()), OptionalInt.empty(), targets));
  }

  /**
   * The first address of the peer's pods. The spec has no IPv6 range of peers': Kubernetes gives
   * all nodes ranges of one size (--node-cidr-mask-size-ipv6).
   */
  private static Optional<InetAddress> device(FlannelNodeSpec spec, Peer peer) {
    return Optional.ofNullable(peer.subnet())
        .or(
            () ->
                Optional.ofNullable(spec.ipv6Subnet())
                    .flatMap(Cidr::tryParse)
                    .map(own -> peer.overlayAddress() + "/" + own.prefix()))
        .flatMap(Cidr::tryParse)
        .map(pods -> InetAddress.ofLiteral(pods.base()));
  }

  private static InetAddress address(String field, Peer peer, String text) {
    if (Cidr.tryAddress(text).isEmpty()) {
      throw new IllegalArgumentException(
          "spec.peers[%s].%s: '%s' is no IP address".formatted(peer.name(), field, text));
    }
    return InetAddress.ofLiteral(text);
  }

  /** Returns the same settings with another size of full-size probes. */
  ProbeSettings withMtu(OptionalInt bytes) {
    return new ProbeSettings(port, interval, failAfter, bytes, peers);
  }

  /** How long to wait for an answer. Ends before the next round begins. */
  Duration timeout() {
    // Duration's own arithmetic uses BigDecimal, which is too slow for a call per probe.
    return Duration.ofNanos(Math.min(interval.toNanos() / 10 * 9, LONGEST_TIMEOUT_NANOS));
  }

  /** How long after sending a late answer still counts: until the path would be down. */
  Duration latest() {
    return Duration.ofNanos(interval.toNanos() * failAfter + timeout().toNanos());
  }

  /** The time between two probes of one path during a closer look. */
  Duration closeInterval() {
    return interval.dividedBy(ProbeHistory.PER_ROUND);
  }

  /** The paths to a peer that can be probed. */
  Set<ProbePath> paths(Target peer) {
    Set<ProbePath> paths = EnumSet.of(ProbePath.UNDERLAY);
    if (peer.overlay().isPresent()) {
      paths.add(ProbePath.OVERLAY);
      if (mtu.isPresent() && !peer.otherBackend()) {
        paths.add(ProbePath.FULL_SIZE);
      }
    }
    return paths;
  }

  /** The address that a path's probes are sent to. */
  InetAddress address(Target peer, ProbePath path) {
    return path == ProbePath.UNDERLAY ? peer.address() : peer.overlay().orElseThrow();
  }

  /** The UDP payload of a path's probes, in bytes, that gives the IP packet its intended size. */
  int payload(Target peer, ProbePath path) {
    int ipHeader = address(peer, path) instanceof Inet4Address ? 20 : 40;
    int packet = path == ProbePath.FULL_SIZE ? mtu.orElseThrow() : SMALL;
    return Math.clamp(packet - ipHeader - UDP_HEADER, EchoPacket.MIN_LENGTH, EchoPacket.MAX_LENGTH);
  }
}
