package io.flannel.operator.report;

import static java.util.Comparator.comparingInt;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.NodeLease;
import io.flannel.operator.decide.NodeProblem;
import io.flannel.operator.overlay.Cidr;
import io.flannel.operator.overlay.Lease;
import io.flannel.operator.overlay.Names;
import io.flannel.operator.overlay.WantedNetwork;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The status' parts that are made of nodes. */
final class NodeReport {
  /** So many nodes are listed; each takes about 300 bytes, and etcd takes 1.5 MB an object. */
  static final int LISTED_NODES = 500;

  /** So many names stand in a problem. */
  private static final int NAMED_NODES = 50;

  private NodeReport() {}

  /** Counts the nodes. Tunnels that nothing measures are neither healthy nor ill. */
  static Summary summary(List<NodeLease> leases) {
    int leased = (int) leases.stream().filter(lease -> lease.problem().isEmpty()).count();
    return new Summary(leases.size(), leased, null, null, null, leases.size());
  }

  /** The nodes, those with a problem first, then by name, cut to {@link #LISTED_NODES}. */
  static List<NodeStatus> nodes(
      WantedNetwork wanted, List<NodeLease> leases, List<NodeStatus> before, Instant now) {
    Map<String, NodeStatus> known =
        before.stream().collect(Collectors.toMap(NodeStatus::name, Function.identity()));
    return leases.stream()
        .sorted(
            comparingInt(
                    (NodeLease lease) ->
                        lease.problem().map(NodeProblem::ordinal).orElse(Integer.MAX_VALUE))
                .thenComparing(lease -> lease.node().name()))
        .limit(LISTED_NODES)
        .map(lease -> node(wanted, lease, known.get(lease.node().name()), now))
        .toList();
  }

  private static NodeStatus node(
      WantedNetwork wanted, NodeLease lease, @Nullable NodeStatus before, Instant now) {
    String reason = lease.problem().map(NodeProblem::reason).orElse(null);
    String since = null;
    if (reason != null) {
      since = before != null && reason.equals(before.reason()) ? before.since() : now.toString();
    }
    Optional<Lease> published = lease.lease();
    return new NodeStatus(
        lease.node().name(),
        lease.problem().isEmpty(),
        lease.node().podCidr(Cidr.Family.IPV4).map(Cidr::toString).orElse(null),
        lease.node().podCidr(Cidr.Family.IPV6).map(Cidr::toString).orElse(null),
        published.flatMap(Lease::underlay).map(Cidr::base).orElse(null),
        published.map(Lease::backendType).orElse(null),
        published.flatMap(it -> device(wanted, it)).orElse(null),
        null,
        Tunnel.UNKNOWN,
        reason,
        null,
        null,
        null,
        since);
  }

  /** The device of the backend that the node publishes, where that is the wanted one. */
  private static Optional<String> device(WantedNetwork wanted, Lease lease) {
    BackendType type = wanted.backend().type();
    return type.wireName().equals(lease.backendType())
        ? wanted.backend().device()
        : Optional.empty();
  }

  /**
   * One problem for all nodes with the same cause, the gravest first.
   *
   * @param rollingOut whether what every node passes through in a rollout is left out, but for the
   *     nodes that had it before
   */
  static List<Problem> problems(
      List<NodeLease> leases, boolean rollingOut, List<Problem> before, Instant now) {
    List<Problem> problems = new ArrayList<>();
    for (NodeProblem cause : NodeProblem.values()) {
      Optional<Problem> known =
          before.stream().filter(one -> one.reason().equals(cause.reason())).findFirst();
      Set<String> had = known.map(Problem::nodes).map(Set::copyOf).orElse(Set.of());
      boolean passing = rollingOut && cause.normalInRollout();
      List<String> nodes =
          leases.stream()
              .filter(lease -> lease.problem().filter(cause::equals).isPresent())
              .map(lease -> lease.node().name())
              .filter(name -> !passing || had.contains(name))
              .sorted()
              .toList();
      if (!nodes.isEmpty()) {
        problems.add(
            new Problem(
                cause.reason(),
                Names.ofNodes(nodes) + (nodes.size() == 1 ? " " : ": each ") + cause.message(),
                nodes.stream().limit(NAMED_NODES).toList(),
                known.map(Problem::since).orElse(now.toString()),
                cause.remedy()));
      }
    }
    return problems;
  }
}
