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
 * What the status says now: the only memory that a judge has. What just ended may still echo in the
 * probes, and what is not known yet leaves a node as it was.
 */
public final class PreviousStatus {
  /** Nothing was said yet. */
  public static final PreviousStatus NOTHING = new PreviousStatus(Map.of(), Map.of());

  private final Map<String, NodeStatus> nodes;
  private final Map<String, Problem> problems;

  private PreviousStatus(Map<String, NodeStatus> nodes, Map<String, Problem> problems) {
    this.nodes = nodes;
    this.problems = problems;
  }

  /** What a status says; there may be none. */
  public static PreviousStatus of(Optional<FlannelNetworkStatus> status) {
    Map<String, NodeStatus> nodes = new HashMap<>();
    orEmpty(status.map(FlannelNetworkStatus::nodes).orElse(null))
        .forEach(node -> nodes.put(node.name(), node));
    Map<String, Problem> problems = new HashMap<>();
    orEmpty(status.map(FlannelNetworkStatus::problems).orElse(null))
        .forEach(problem -> problems.put(problem.reason(), problem));
    return new PreviousStatus(nodes, problems);
  }

  /** The reason given for a node's state, if one was. */
  public Optional<String> reasonOf(String node) {
    return Optional.ofNullable(nodes.get(node)).map(NodeStatus::reason);
  }

  public boolean wasHealthy(String node) {
    NodeStatus status = nodes.get(node);
    return status != null && status.tunnel() == Tunnel.HEALTHY;
  }

  /** Whether a node was the one to have this problem, and not the other. */
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
   * Since when this was said of one of these nodes, or else of any: a status has no room for all.
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
