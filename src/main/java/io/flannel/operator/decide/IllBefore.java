package io.flannel.operator.decide;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.TunnelTrouble.At;
import io.flannel.operator.decide.TunnelTrouble.Place;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The nodes and pairs whose tunnels were not healthy before a rollout. It is not the rollout's
 * fault if they are not healthy after it.
 *
 * @param marks a node by its name, a pair as {@code node1/node2} in the order of their names
 */
record IllBefore(Set<String> marks) {
  /** So many are remembered: an annotation has room for 256 KiB. */
  private static final int MOST = 2000;

  /** What a change now would find. */
  static IllBefore of(List<NodeLease> leases, Optional<TunnelVerdicts> tunnels) {
    Set<String> marks = new HashSet<>();
    leases.stream()
        .filter(lease -> lease.problem().isPresent())
        .forEach(lease -> marks.add(lease.node().name()));
    tunnels.ifPresent(
        it -> {
          it.nodes()
              .forEach(
                  (node, verdict) -> {
                    if (verdict.tunnel() == Tunnel.UNKNOWN) {
                      marks.add(node);
                    }
                  });
          it.troubles().stream()
              .filter(trouble -> harms(trouble.cause()))
              .flatMap(trouble -> trouble.places().stream())
              .forEach(place -> marks.add(mark(place)));
        });
    return new IllBefore(
        marks.size() <= MOST ? marks : Set.copyOf(marks.stream().sorted().limit(MOST).toList()));
  }

  /** Whether the node itself was ill. */
  boolean has(String node) {
    return marks.contains(node);
  }

  /** Whether what is wrong there can have been so before. */
  boolean has(Place place) {
    return marks.contains(mark(place)) || place.nodes().stream().anyMatch(this::has);
  }

  /** Whether packets suffer from it, not only pods that run on with an older MTU. */
  static boolean harms(Cause cause) {
    return !(cause instanceof LocalFault fault && fault.effect() == LocalFault.Effect.ADVICE);
  }

  private static String mark(Place place) {
    List<String> nodes = ends(place).sorted().toList();
    return String.join("/", nodes);
  }

  /** The nodes that a place is at or between. */
  static Stream<String> ends(Place place) {
    return place instanceof At at
        ? Stream.concat(Stream.of(at.node()), at.toward().stream())
        : place.nodes().stream();
  }
}
