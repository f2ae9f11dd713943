package io.flannel.operator.decide.rollout;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.Place;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.leftover.LeftOverRemoval;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The nodes and pairs whose tunnels were not healthy before a rollout, and the nodes where flannel
 * did not run. If they are not healthy after it, the rollout is not the cause.
 *
 * @param marks a node by its name, a pair as {@code node1/node2} sorted by name, and {@code
 *     node1:not-running} where flannel did not run
 */
record UnhealthyBaseline(Set<String> marks) {
  /** Maximum number of marks: an object's annotations are limited to 256 KiB. */
  private static final int MOST = 2000;

  private static final String NOT_RUNNING = ":not-running";

  /** Returns the nodes and pairs whose tunnels are not healthy now. */
  static UnhealthyBaseline of(List<NodeLease> leases, Optional<TunnelVerdicts> tunnels) {
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
    return limited(marks);
  }

  /** Returns the nodes that joined or booted after a time, and so reached nobody before. */
  static UnhealthyBaseline newcomers(List<NodeLease> leases, Optional<Instant> time) {
    return limited(
        leases.stream()
            .map(NodeLease::node)
            .filter(node -> node.startedAfter(time))
            .map(ClusterNode::name)
            .collect(Collectors.toSet()));
  }

  /** Returns the nodes where flannel does not run now, though it runs on others. */
  static UnhealthyBaseline withoutFlannel(List<NodeLease> leases, FlannelPods pods) {
    List<String> nodes = leases.stream().map(lease -> lease.node().name()).toList();
    if (nodes.stream().noneMatch(node -> runsFlannel(pods, node))) {
      return new UnhealthyBaseline(Set.of());
    }
    return limited(
        nodes.stream()
            .filter(node -> !runsFlannel(pods, node))
            .map(node -> node + NOT_RUNNING)
            .collect(Collectors.toSet()));
  }

  /** Keeps only the nodes where flannel did not run. */
  UnhealthyBaseline withoutFlannel() {
    return new UnhealthyBaseline(
        marks.stream().filter(mark -> mark.endsWith(NOT_RUNNING)).collect(Collectors.toSet()));
  }

  UnhealthyBaseline and(UnhealthyBaseline others) {
    return limited(
        Stream.concat(marks.stream(), others.marks().stream()).collect(Collectors.toSet()));
  }

  private static UnhealthyBaseline limited(Set<String> marks) {
    return new UnhealthyBaseline(
        marks.size() <= MOST ? marks : Set.copyOf(marks.stream().sorted().limit(MOST).toList()));
  }

  static boolean runsFlannel(FlannelPods pods, String node) {
    return pods.on(node).flatMap(FlannelPod::runningSince).isPresent();
  }

  boolean wasWithoutFlannel(String node) {
    return marks.contains(node + NOT_RUNNING);
  }

  /** Whether the node itself was unhealthy. */
  boolean has(String node) {
    return marks.contains(node);
  }

  /** Whether a fault at this place may have been there before. */
  boolean has(Place place) {
    return marks.contains(mark(place)) || place.nodes().stream().anyMatch(this::has);
  }

  /**
   * Whether packets suffer from it. They do not if pods just keep an older MTU, nor from what is
   * removed as a left-over, such as a route to a node that was deleted while flanneld was being
   * replaced.
   */
  static boolean harms(ProblemReason cause) {
    return !(cause instanceof NodeFault fault
        && (fault.effect() == NodeFault.Effect.ADVICE || LeftOverRemoval.cures(fault)));
  }

  private static String mark(Place place) {
    List<String> nodes = ends(place).sorted().toList();
    return String.join("/", nodes);
  }

  /** The nodes that a place is at or between, including the peer that a node's fault concerns. */
  static Stream<String> ends(Place place) {
    return place instanceof At at
        ? Stream.concat(Stream.of(at.node()), at.toward().stream())
        : place.nodes().stream();
  }
}
