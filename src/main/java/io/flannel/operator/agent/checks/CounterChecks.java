package io.flannel.operator.agent.checks;

import io.flannel.operator.decide.problem.NodeFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Checks for faults that show only in counters that grow between polls. Messages contain no
 * figures, since these would change with every poll.
 */
final class CounterChecks {
  private static final Duration WINDOW = Duration.ofSeconds(10);

  /** Minimum growth within the window: less are strays, which any node on the internet sees. */
  private static final long MANY = 5;

  private final CounterDelta checksumErrors = new CounterDelta(WINDOW);
  private final CounterDelta reversePathDrops = new CounterDelta(WINDOW);
  private final Map<String, CounterDelta> received = new HashMap<>();

  /**
   * Records the counters of a poll and returns the faults that they show.
   *
   * @param nanos of a monotonic clock
   */
  List<Finding> look(long nanos, Expected expected, KernelState state) {
    var sightings = new ArrayList<Finding>();
    state.counters().udpChecksumErrors().value().ifPresent(n -> checksumErrors.add(nanos, n));
    state.counters().reversePathDrops().value().ifPresent(n -> reversePathDrops.add(nanos, n));
    if (expected.backend().leavesChecksumsToNic() && checksumErrors.inWindow() >= MANY) {
      sightings.add(
          Finding.ofNode(
              NodeFault.UDP_CHECKSUM_ERRORS,
              "Udp InCsumErrors in /proc/net/snmp grows; it should not"));
    }
    if (reversePathDrops.inWindow() >= MANY) {
      strict(expected, state).ifPresent(sightings::add);
    }
    rival(nanos, expected, state).ifPresent(sightings::add);
    return sightings;
  }

  /**
   * The kernel uses the larger of the values for {@code all} and the device: 1 (strict), unless one
   * is 2 (loose).
   */
  private static Optional<Finding> strict(Expected expected, KernelState state) {
    Map<String, Integer> rpFilter = state.sysctls().rpFilter();
    List<String> strict =
        Stream.concat(
                expected.tunnels().stream().map(Expected.Tunnel::name),
                expected.nic(state).map(Link::name).stream())
            .filter(
                device ->
                    Math.max(rpFilter.getOrDefault("all", 0), rpFilter.getOrDefault(device, 0))
                        == 1)
            .toList();
    return strict.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Finding.ofNode(
                NodeFault.REVERSE_PATH_FILTER_STRICT,
                "rp_filter is 1, strict, on %s, and IPReversePathFilter in /proc/net/netstat grows;"
                        .formatted(String.join(", ", strict))
                    + " rp_filter should be 2 or 0"));
  }

  /**
   * An ipip device without addresses, such as tunl0, receives what matches no other device: packets
   * for flannel's device, if that has the wrong addresses. Then tunl0 receives packets and
   * flannel's device does not.
   */
  private Optional<Finding> rival(long nanos, Expected expected, KernelState state) {
    Optional<Link> own = CompetingDeviceChecks.ownDevice(expected, state);
    if (own.isEmpty() || expected.peers().isEmpty()) {
      received.clear();
      return Optional.empty();
    }
    List<Link> rivals =
        CompetingDeviceChecks.others(state, own.get()).stream()
            .filter(link -> link.tunnel().local().isEmpty() && link.tunnel().remote().isEmpty())
            .toList();
    List<Link> all = Stream.concat(own.stream(), rivals.stream()).toList();
    received.keySet().retainAll(all.stream().map(Link::name).toList());
    for (Link link : all) {
      link.receivedPackets()
          .ifPresent(
              packets ->
                  received
                      .computeIfAbsent(link.name(), _ -> new CounterDelta(WINDOW))
                      .add(nanos, packets));
    }
    CounterDelta ours = received.get(own.get().name());
    if (ours == null || !ours.isFull() || ours.inWindow() > 0) {
      return Optional.empty();
    }
    return rivals.stream()
        .filter(
            link -> {
              CounterDelta theirs = received.get(link.name());
              return theirs != null && theirs.inWindow() >= MANY;
            })
        .findFirst()
        .map(
            rival ->
                Finding.ofNode(
                    NodeFault.RIVAL_DEVICE,
                    "%s (ipip) receives packets and %s none; %s should receive them"
                        .formatted(rival.name(), own.get().name(), own.get().name())));
  }
}
