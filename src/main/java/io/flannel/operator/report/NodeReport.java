package io.flannel.operator.report;

import static java.util.Comparator.comparingInt;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Summary;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.decide.SaidTime;
import io.flannel.operator.decide.health.TunnelVerdict;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Lease;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The status' {@code nodes[]} and {@code summary}. */
public final class NodeReport {
  /**
   * Maximum number of nodes listed: each takes about 300 bytes, and etcd accepts 1.5 MB per object.
   */
  static final int LISTED_NODES = Bounds.LISTED_NODES;

  private final DesiredNetwork wanted;
  private final Optional<TunnelVerdicts> tunnels;
  private final Map<String, NodeStatus> before;
  private final Instant now;

  private NodeReport(
      DesiredNetwork wanted,
      Optional<TunnelVerdicts> tunnels,
      List<NodeStatus> before,
      Instant now) {
    this.wanted = wanted;
    this.tunnels = tunnels;
    this.before =
        before.stream()
            .collect(Collectors.toMap(NodeStatus::name, Function.identity(), (one, _) -> one));
    this.now = now;
  }

  /** Counts the nodes. If nothing measures tunnels, they all count as unknown. */
  static Summary summary(List<NodeLease> leases, Optional<TunnelVerdicts> tunnels) {
    int leased = (int) leases.stream().filter(lease -> lease.problem().isEmpty()).count();
    if (tunnels.isEmpty()) {
      return new Summary(leases.size(), leased, null, null, null, leases.size());
    }
    Collection<TunnelVerdict> verdicts = tunnels.get().nodes().values();
    return new Summary(
        leases.size(),
        leased,
        count(verdicts, Tunnel.HEALTHY),
        count(verdicts, Tunnel.DEGRADED),
        count(verdicts, Tunnel.DOWN),
        count(verdicts, Tunnel.UNKNOWN));
  }

  private static int count(Collection<TunnelVerdict> verdicts, Tunnel tunnel) {
    return (int) verdicts.stream().filter(verdict -> verdict.tunnel() == tunnel).count();
  }

  /**
   * Returns the nodes, worst first (Down, Degraded, Unknown with a reason, others), then by reason
   * and name, cut to {@link #LISTED_NODES}.
   *
   * @param tunnels the verdicts; empty if nothing measures tunnels
   */
  static List<NodeStatus> nodes(
      DesiredNetwork wanted,
      List<NodeLease> leases,
      Optional<TunnelVerdicts> tunnels,
      List<NodeStatus> before,
      Instant now) {
    return new NodeReport(wanted, tunnels, before, now).sorted(leases).limit(LISTED_NODES).toList();
  }

  /** Returns all of these nodes in the same order and form, as if they had no previous status. */
  public static List<NodeStatus> ofThese(
      DesiredNetwork wanted,
      List<NodeLease> leases,
      Optional<TunnelVerdicts> tunnels,
      Instant now) {
    return new NodeReport(wanted, tunnels, List.of(), now).sorted(leases).toList();
  }

  private Stream<NodeStatus> sorted(List<NodeLease> leases) {
    return leases.stream()
        .sorted(
            comparingInt(this::rank)
                .thenComparingInt(lease -> cause(lease).map(ProblemSeverity::rank).orElse(0))
                .thenComparing(lease -> lease.node().name()))
        .map(this::node);
  }

  private Optional<TunnelVerdict> verdict(NodeLease lease) {
    return tunnels.map(it -> it.nodes().get(lease.node().name()));
  }

  private Optional<ProblemReason> cause(NodeLease lease) {
    return lease
        .problem()
        .<ProblemReason>map(it -> it)
        .or(() -> verdict(lease).flatMap(it -> it.cause()));
  }

  private Tunnel tunnel(NodeLease lease) {
    return verdict(lease).map(TunnelVerdict::tunnel).orElse(Tunnel.UNKNOWN);
  }

  private int rank(NodeLease lease) {
    return switch (tunnel(lease)) {
      case DOWN -> 0;
      case DEGRADED -> 1;
      case UNKNOWN -> cause(lease).isPresent() ? 2 : 3;
      case HEALTHY -> 4;
    };
  }

  private NodeStatus node(NodeLease lease) {
    NodeStatus known = before.get(lease.node().name());
    String reason = cause(lease).map(ProblemReason::reason).orElse(null);
    String since = null;
    if (reason != null) {
      since =
          known != null && reason.equals(known.reason())
              ? SaidTime.orElse(known.since(), now)
              : now.toString();
    }
    Optional<Lease> published = lease.lease();
    Optional<TunnelVerdict> verdict = verdict(lease);
    return new NodeStatus(
        lease.node().name(),
        lease.problem().isEmpty(),
        lease.node().podCidr(Cidr.Family.IPV4).map(Cidr::toString).orElse(null),
        lease.node().podCidr(Cidr.Family.IPV6).map(Cidr::toString).orElse(null),
        published.flatMap(Lease::underlay).map(Cidr::base).orElse(null),
        published.map(Lease::backendType).orElse(null),
        published.flatMap(this::device).orElse(null),
        verdict.flatMap(TunnelVerdict::device).map(Device::mtu).orElse(null),
        tunnel(lease),
        reason,
        roundTrip(verdict, TunnelVerdict::rttP50Micros, known, NodeStatus::rttP50),
        roundTrip(verdict, TunnelVerdict::rttP99Micros, known, NodeStatus::rttP99),
        verdict
            .flatMap(TunnelVerdict::reach)
            .map(reach -> reach.reached() + "/" + reach.probed())
            .orElse(null),
        since);
  }

  private static @Nullable String roundTrip(
      Optional<TunnelVerdict> verdict,
      Function<TunnelVerdict, Optional<Integer>> micros,
      @Nullable NodeStatus known,
      Function<NodeStatus, @Nullable String> said) {
    return RoundTripTime.said(verdict.flatMap(micros), known == null ? null : said.apply(known));
  }

  /** The device of the node's published backend, if that is the wanted backend. */
  private Optional<String> device(Lease lease) {
    BackendType type = wanted.backend().type();
    return type.wireName().equals(lease.backendType())
        ? wanted.backend().device(wanted.ranges().getFirst().family())
        : Optional.empty();
  }
}
