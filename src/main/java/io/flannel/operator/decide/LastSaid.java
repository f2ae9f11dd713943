package io.flannel.operator.decide;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the status says now: the only memory that a judge has. What just ended may still echo in the
 * probes, and what is not known yet leaves a node as it was.
 */
public final class LastSaid {
  /** Nothing was said yet. */
  public static final LastSaid NOTHING = new LastSaid(Map.of(), Map.of());

  private final Map<String, NodeStatus> nodes;
  private final Map<String, Set<String>> nodesByReason;

  private LastSaid(Map<String, NodeStatus> nodes, Map<String, Set<String>> nodesByReason) {
    this.nodes = nodes;
    this.nodesByReason = nodesByReason;
  }

  /** What a status says; there may be none. */
  public static LastSaid of(Optional<FlannelNetworkStatus> status) {
    Map<String, NodeStatus> nodes = new HashMap<>();
    orEmpty(status.map(FlannelNetworkStatus::nodes).orElse(null))
        .forEach(node -> nodes.put(node.name(), node));
    Map<String, Set<String>> nodesByReason = new HashMap<>();
    for (Problem problem : orEmpty(status.map(FlannelNetworkStatus::problems).orElse(null))) {
      nodesByReason.put(problem.reason(), new HashSet<>(orEmpty(problem.nodes())));
    }
    return new LastSaid(nodes, nodesByReason);
  }

  /** The reason given for a node's state, if one was. */
  Optional<String> reasonOf(String node) {
    return Optional.ofNullable(nodes.get(node)).map(NodeStatus::reason);
  }

  boolean wasHealthy(String node) {
    NodeStatus status = nodes.get(node);
    return status != null && status.tunnel() == Tunnel.HEALTHY;
  }

  /** Whether a node was the one to have this problem, and not the other. */
  boolean blamed(String node, String other, Cause cause) {
    Set<String> named = nodesByReason.getOrDefault(cause.reason(), Set.of());
    return named.contains(node)
        && !named.contains(other)
        && reasonOf(node).filter(cause.reason()::equals).isPresent();
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }
}
