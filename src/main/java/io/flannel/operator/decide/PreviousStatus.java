package io.flannel.operator.decide;

import static io.flannel.operator.flannel.OrEmpty.orEmpty;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.flannel.Times;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The status as last written, the only record of earlier verdicts. It damps new ones: probes may
 * still echo a fault that has just ended, and a node keeps its state while evidence is missing.
 */
public final class PreviousStatus {
  /** No status has been written yet. */
  public static final PreviousStatus NOTHING = new PreviousStatus(Map.of(), Map.of());

  private final Map<String, NodeStatus> nodes;
  private final Map<String, Problem> problems;

  private PreviousStatus(Map<String, NodeStatus> nodes, Map<String, Problem> problems) {
    this.nodes = nodes;
    this.problems = problems;
  }

  /** Reads a status, if there is one. */
  public static PreviousStatus of(Optional<FlannelNetworkStatus> status) {
    Map<String, NodeStatus> nodes = new HashMap<>();
    orEmpty(status.map(FlannelNetworkStatus::nodes).orElse(null))
        .forEach(node -> nodes.put(node.name(), node));
    Map<String, Problem> problems = new HashMap<>();
    orEmpty(status.map(FlannelNetworkStatus::problems).orElse(null))
        .forEach(problem -> problems.put(problem.reason(), problem));
    return new PreviousStatus(nodes, problems);
  }

  /** Returns the reason given for a node's state, if any. */
  public Optional<String> reasonOf(String node) {
    return Optional.ofNullable(nodes.get(node)).map(NodeStatus::reason);
  }

  public boolean wasHealthy(String node) {
    NodeStatus status = nodes.get(node);
    return status != null && status.tunnel() == Tunnel.HEALTHY;
  }

  /** Whether the status gives this problem to the node and not to the other one. */
  public boolean blamed(String node, String other, ProblemReason cause) {
    List<String> named =
        Optional.ofNullable(problems.get(cause.reason()))
            .map(problem -> orEmpty(problem.nodes()))
            .orElse(List.of());
    return named.contains(node)
        && !named.contains(other)
        && reasonOf(node).filter(cause.reason()::equals).isPresent();
  }

  /**
   * Returns since when the first of these nodes has had this problem. If the status lists none of
   * them, returns since when any node has: a status has no room for every node.
   */
  public Optional<Instant> since(ProblemReason cause, Stream<String> ofNodes) {
    return ofNodes
        .flatMap(node -> Stream.ofNullable(nodes.get(node)))
        .filter(node -> cause.reason().equals(node.reason()))
        .flatMap(node -> Times.tryParse(node.since()).stream())
        .min(Comparator.naturalOrder())
        .or(
            () ->
                Optional.ofNullable(problems.get(cause.reason()))
                    .flatMap(problem -> Times.tryParse(problem.since())));
  }
}
