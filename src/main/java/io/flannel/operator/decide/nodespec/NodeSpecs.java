package io.flannel.operator.decide.nodespec;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeSpec.Peer;
import io.flannel.operator.api.FlannelNodeSpec.Probe;
import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.ProbePlan;
import io.flannel.operator.decide.lease.EffectiveConfig;
import io.flannel.operator.decide.lease.EffectiveConfigs;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Cidr;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Lease;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The specs of the FlannelNodes: what each node should have by the configuration in force, and
 * which peers its agent probes. The same cluster gives the same specs, so nothing is written if
 * nothing changed.
 */
public final class NodeSpecs {
  private final DesiredNetwork wanted;
  private final EffectiveConfig terms;
  private final EffectiveConfigs inForce;
  private final Map<String, NodeLease> leased;
  private final ProbePlan probes;
  private final boolean allLeased;
  private final Map<String, AgentReport> reports;
  private final PartitionedPairs cut;

  private NodeSpecs(
      DesiredNetwork wanted,
      ClusterState cluster,
      List<NodeLease> leases,
      Map<String, AgentReport> reports) {
    this.wanted = wanted;
    this.inForce = EffectiveConfigs.of(wanted, cluster);
    this.terms = inForce.general();
    this.leased =
        leases.stream()
            .filter(lease -> lease.problem().isEmpty())
            .collect(Collectors.toMap(lease -> lease.node().name(), Function.identity()));
    this.probes = ProbePlan.of(leased.keySet());
    this.allLeased =
        leased.size() == leases.size() && NodeLease.leasedBeside(wanted, cluster).isEmpty();
    this.reports = reports;
    this.cut = new PartitionedPairs(cluster);
  }

  /**
   * Returns the specs of all FlannelNodes, by node.
   *
   * @param leases every node of the network ({@link NodeLease#judge}); one without a valid lease
   *     gets a spec, but is nobody's peer
   * @param reports the agents' reports, by node: with host-gw, a peer is probed at the bridge
   *     address that its own agent reports
   */
  public static SortedMap<String, FlannelNodeSpec> of(
      DesiredNetwork wanted,
      ClusterState cluster,
      List<NodeLease> leases,
      Map<String, AgentReport> reports) {
    NodeSpecs plan = new NodeSpecs(wanted, cluster, leases, reports);
    SortedMap<String, FlannelNodeSpec> specs = new TreeMap<>();
    leases.forEach(lease -> specs.put(lease.node().name(), plan.spec(lease)));
    return specs;
  }

  private FlannelNodeSpec spec(NodeLease lease) {
    String name = lease.node().name();
    EffectiveConfig own = inForce.on(lease.node());
    Backend backend = backend(own);
    boolean encapsulates = backend.encapsulation().isPresent();
    return new FlannelNodeSpec(
        wanted.name(),
        backend.type(),
        backend
            .device(terms.family())
            .filter(device -> device.length() <= Bounds.DEVICE)
            .orElse(null),
        encapsulates ? backend.directRouting() : null,
        backend.expectedVxlan().orElse(null),
        mtu(own),
        range(Cidr.Family.IPV4),
        range(Cidr.Family.IPV6),
        subnet(lease, Cidr.Family.IPV4),
        subnet(lease, Cidr.Family.IPV6),
        publicIp(lease).map(Cidr::base).orElse(null),
        probe(),
        probes.peersOf(name).stream()
            .flatMap(peer -> Stream.ofNullable(leased.get(peer)))
            .map(peer -> peer(peer, name, backend.type()))
            .toList(),
        allLeased && probes.complete());
  }

  private static @Nullable Integer mtu(EffectiveConfig own) {
    return own.mtu().isPresent()
            && own.mtu().getAsInt() >= Bounds.SMALLEST_MTU
            && own.mtu().getAsInt() <= Bounds.LARGEST_POD_MTU
        ? own.mtu().getAsInt()
        : null;
  }

  private @Nullable Probe probe() {
    DesiredNetwork.Health health = wanted.health();
    if (!health.enabled()) {
      return null;
    }
    // Finer parts of an interval than a millisecond are cut off.
    long millis = health.interval().toMillis();
    String interval = millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
    return new Probe(interval, health.failAfter(), health.port());
  }

  private Backend backend(EffectiveConfig there) {
    return there.backend().orElse(wanted.backend());
  }

  private Peer peer(NodeLease lease, String prober, BackendType own) {
    Backend backend = backend(inForce.on(lease.node()));
    Lease published = lease.lease().orElseThrow();
    Cidr podCidr = lease.node().podCidr(terms.family()).orElseThrow();
    boolean ipv4 = terms.family() == Cidr.Family.IPV4;
    boolean ethernet = backend.carriesEthernet();
    return new Peer(
        lease.node().name(),
        publicIp(lease).map(Cidr::base).orElseThrow(),
        cut.between(prober, lease.node().name())
            ? null
            : overlayAddress(lease.node().name(), backend, podCidr).orElse(null),
        ipv4 ? podCidr.toString() : null,
        ethernet ? published.vtepMac(terms.family()).orElse(null) : null,
        backend.type() == own ? null : backend.type());
  }

  /**
   * The peer's address in the overlay. host-gw has no tunnel device: the pods' bridge stands in,
   * once the peer's agent reports one.
   */
  private Optional<String> overlayAddress(String peer, Backend backend, Cidr podCidr) {
    if (backend.device().isPresent()) {
      return Optional.of(podCidr.base());
    }
    return reports.get(peer) instanceof AgentReport.Received report
        ? report.bridgeAddress().filter(podCidr::contains).map(Cidr::base)
        : Optional.empty();
  }

  private @Nullable String range(Cidr.Family family) {
    return terms.ranges().stream()
        .filter(range -> range.family() == family)
        .findFirst()
        .map(Cidr::toString)
        .orElse(null);
  }

  /**
   * The node's podCIDR, if flannel can use it: the network must carry the family, and its range
   * must contain the podCIDR.
   */
  private @Nullable String subnet(NodeLease lease, Cidr.Family family) {
    return lease
        .node()
        .podCidr(family)
        .filter(pods -> terms.ranges().stream().anyMatch(range -> range.contains(pods)))
        .map(Cidr::toString)
        .orElse(null);
  }

  private Optional<Cidr> publicIp(NodeLease lease) {
    return lease.lease().flatMap(published -> published.publicIp(terms.family()));
  }
}
