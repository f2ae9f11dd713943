package io.flannel.operator.decide.health;

import static io.flannel.operator.flannel.Nodes.node;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.api.FlannelNodeStatus.Finding;
import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import io.flannel.operator.decide.Clusters;
import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.Place;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.nodespec.NodeSpecs;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.flannel.ClusterNode;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Networks;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster into which tests inject faults, and the reports that its agents would make. A probe is
 * an echo: it is lost if either direction is, unless the answer takes another path ({@link
 * #oneWay}).
 */
public final class TunnelScenario {
  public static final Instant NOW = Instant.parse("2026-11-23T10:00:00.5Z");

  /** How long states have lasted unless a test says otherwise. */
  public static final Duration LONG_AGO = Duration.ofMinutes(5);

  /** The names of the first nodes. */
  static final String A = name(0);

  static final String B = name(1);
  static final String C = name(2);
  static final String D = name(3);

  private final DesiredNetwork network = Networks.ipip("10.0.0.0/8");
  private final List<ClusterNode> nodes;
  private final Set<String> off = new HashSet<>();
  private final Set<String> agentKilled = new HashSet<>();
  private final Set<String> blocked = new HashSet<>();
  private final Set<String> narrow = new HashSet<>();
  private final Set<String> lossy = new HashSet<>();
  private final Set<List<String>> blockedPairs = new HashSet<>();
  private final Set<List<String>> narrowPairs = new HashSet<>();
  private final Set<List<String>> oneWay = new HashSet<>();
  private final Set<String> unreported = new HashSet<>();
  private final Map<String, List<Finding>> findings = new HashMap<>();
  private final Map<String, Map<String, PathState>> lies = new HashMap<>();
  private final Map<String, String> moved = new HashMap<>();
  private Duration held = LONG_AGO;
  private final Set<String> stopping = new HashSet<>();
  private @Nullable String started;

  public TunnelScenario(int size) {
    this(
        IntStream.range(0, size)
            .mapToObj(
                i ->
                    node(name(i))
                        .podCidr("10.%d.%d.0/24".formatted(i / 256, i % 256))
                        .internalIp("192.168.%d.%d".formatted(i / 250, i % 250 + 1))
                        .leased("ipip", "192.168.%d.%d".formatted(i / 250, i % 250 + 1))
                        .get())
            .toList());
  }

  public TunnelScenario(List<ClusterNode> nodes) {
    this.nodes = nodes;
  }

  public static String name(int number) {
    return "n%04d".formatted(number);
  }

  public List<String> names() {
    return nodes.stream().map(ClusterNode::name).toList();
  }

  /** Turns the node off. Its last report says that all is well. */
  public TunnelScenario off(String node) {
    off.add(node);
    return this;
  }

  /** Kills the node's agent; the node answers. The agent's last report says that all is well. */
  public TunnelScenario agentKilled(String node) {
    agentKilled.add(node);
    return this;
  }

  /** Adds a firewall on the node that drops encapsulated packets. */
  public TunnelScenario blocked(String node) {
    blocked.add(node);
    return this;
  }

  /** Adds a firewall between the nodes that drops encapsulated packets. */
  public TunnelScenario blocked(String a, String b) {
    blockedPairs.add(List.of(a, b));
    blockedPairs.add(List.of(b, a));
    return this;
  }

  /** Makes the path to the node carry less than its MTU. */
  public TunnelScenario narrow(String node) {
    narrow.add(node);
    return this;
  }

  public TunnelScenario narrow(String a, String b) {
    narrowPairs.add(List.of(a, b));
    narrowPairs.add(List.of(b, a));
    return this;
  }

  public TunnelScenario lossy(String node) {
    lossy.add(node);
    return this;
  }

  /**
   * Drops packets from one to the other, but not their answers, which take another path, as with
   * host-gw.
   */
  public TunnelScenario oneWay(String from, String to) {
    oneWay.add(List.of(from, to));
    return this;
  }

  /** Makes the node's agent find this fault, which cuts the node's tunnel. */
  public TunnelScenario cutOff(String node, NodeFault fault) {
    return blocked(node).finds(node, fault, null);
  }

  /** Makes the node's agent find this fault about one peer, which cuts the tunnel to it. */
  public TunnelScenario cutOff(String node, String peer, NodeFault fault) {
    return blocked(node, peer).finds(node, fault, peer);
  }

  public TunnelScenario finds(String node, NodeFault fault, @Nullable String peer) {
    findings
        .computeIfAbsent(node, it -> new ArrayList<>())
        .add(new Finding(fault.reason(), "seen on " + node, peer));
    return this;
  }

  /** Sets the address that the node had when its peers last reported. */
  public TunnelScenario movedFrom(String node, String address) {
    moved.put(node, address);
    return this;
  }

  /** Removes all reports of the node's agent. */
  public TunnelScenario unreported(String node) {
    unreported.add(node);
    return this;
  }

  /** Makes the node's agent report this state of a peer, whatever is true. */
  public TunnelScenario lies(String node, String peer, PathState state) {
    lies.computeIfAbsent(node, it -> new HashMap<>()).put(peer, state);
    return this;
  }

  /** Makes the node's agent say in its last report that it is about to stop. */
  public TunnelScenario stops(String node) {
    stopping.add(node);
    return this;
  }

  /** Sets how long ago all agents started. */
  public TunnelScenario startedFor(Duration duration) {
    started = NOW.minus(duration).toString();
    return this;
  }

  /** Sets how long all states have lasted. */
  public TunnelScenario since(Duration duration) {
    held = duration;
    return this;
  }

  public List<NodeLease> leases() {
    return NodeLease.judge(network, Clusters.cluster(nodes).running(network).state());
  }

  public SortedMap<String, FlannelNodeSpec> specs() {
    return NodeSpecs.of(
        network, Clusters.cluster(nodes).running(network).state(), leases(), Map.of());
  }

  public Map<String, AgentReport> reports() {
    Map<String, AgentReport> reports = new TreeMap<>();
    specs()
        .forEach(
            (node, spec) ->
                reports.put(
                    node,
                    unreported.contains(node)
                        ? AgentReport.read(1, spec, null, Duration.ofHours(1))
                        : AgentReport.read(1, spec, status(node, spec), Duration.ZERO)));
    return reports;
  }

  private FlannelNodeStatus status(String node, FlannelNodeSpec spec) {
    boolean stale = off.contains(node) || agentKilled.contains(node);
    List<PeerReport> peers =
        spec.peers().stream()
            .map(
                peer ->
                    report(
                        peer.name(),
                        moved.getOrDefault(peer.name(), peer.address()),
                        stale
                            ? PathState.PASSES
                            : lies.getOrDefault(node, Map.of())
                                .getOrDefault(peer.name(), probe(node, peer.name())),
                        NOW.minus(held)))
            .toList();
    return new FlannelNodeStatus(
        1L,
        NOW.toString(),
        "test",
        started,
        stopping.contains(node) ? true : null,
        null,
        null,
        null,
        null,
        null,
        stale ? List.of() : findings.getOrDefault(node, List.of()),
        peers);
  }

  public PathState probe(String from, String to) {
    if (off.contains(to)) {
      return PathState.UNREACHABLE;
    }
    if (agentKilled.contains(to)) {
      return PathState.SILENT;
    }
    if (blocked.contains(from)
        || blocked.contains(to)
        || blockedPairs.contains(List.of(from, to))
        || oneWay.contains(List.of(from, to))) {
      return PathState.TUNNEL_LOST;
    }
    if (narrow.contains(from) || narrow.contains(to) || narrowPairs.contains(List.of(from, to))) {
      return PathState.FULL_SIZE_LOST;
    }
    return lossy.contains(from) || lossy.contains(to) ? PathState.LOSSY : PathState.PASSES;
  }

  /**
   * What an agent reports of a peer in this state.
   *
   * @param since when the state began
   */
  public static PeerReport report(String peer, String address, PathState state, Instant since) {
    return report(peer, address, state, state == PathState.LOSSY, since);
  }

  /**
   * The same.
   *
   * @param losing whether the path loses probes or lost some recently
   */
  public static PeerReport report(
      String peer, String address, PathState state, boolean losing, Instant since) {
    return switch (state) {
      case UNMEASURED -> peer(peer, address, null, null, null, null, null, losing, since);
      case PASSES -> peer(peer, address, true, true, true, null, null, losing, since);
      case LOSSY -> peer(peer, address, true, true, true, null, true, losing, since);
      case FULL_SIZE_LOST -> peer(peer, address, true, false, true, null, null, losing, since);
      case TUNNEL_LOST -> peer(peer, address, false, false, true, null, true, losing, since);
      case SILENT -> peer(peer, address, false, false, false, true, true, losing, since);
      case UNDECIDED -> peer(peer, address, false, false, false, null, true, losing, since);
      case UNREACHABLE -> peer(peer, address, false, false, false, false, true, losing, since);
    };
  }

  private static PeerReport peer(
      String name,
      String address,
      @Nullable Boolean overlay,
      @Nullable Boolean fullSize,
      @Nullable Boolean underlay,
      @Nullable Boolean alive,
      @Nullable Boolean lossy,
      boolean losing,
      Instant since) {
    return new PeerReport(
        name,
        address,
        overlay,
        fullSize,
        underlay,
        alive,
        lossy,
        losing,
        0,
        400,
        900,
        since.toString(),
        null);
  }

  public TunnelVerdicts verdicts() {
    return verdicts(PreviousStatus.NOTHING);
  }

  public TunnelVerdicts verdicts(PreviousStatus before) {
    return TunnelVerdicts.judge(network.health(), leases(), reports(), before);
  }

  /** The verdicts if the agents had made these reports. */
  TunnelVerdicts verdicts(Map<String, AgentReport> reports) {
    return TunnelVerdicts.judge(network.health(), leases(), reports, PreviousStatus.NOTHING);
  }

  /** The causes of faults, with their places. */
  Map<ProblemReason, List<Place>> troubles() {
    return verdicts().troubles().stream()
        .collect(Collectors.toMap(TunnelIssue::cause, TunnelIssue::places));
  }

  /** The verdict on each node's tunnel. */
  Map<String, Tunnel> tunnels() {
    return verdicts().nodes().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().tunnel()));
  }

  /** The place of a fault at a node toward one peer. */
  static Place toward(String node, String peer) {
    return new At(node, Optional.of(peer));
  }
}
