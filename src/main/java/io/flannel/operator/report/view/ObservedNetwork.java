package io.flannel.operator.report.view;

import io.flannel.operator.api.FlannelNetworkSpec;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.TunnelVerdict;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.report.NodeReport;
import io.flannel.operator.report.path.PacketPath;
import io.flannel.operator.report.path.PathEndpoint;
import io.flannel.operator.report.path.PathReport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A FlannelNetwork and what is known about its nodes, at one moment.
 *
 * @param name its name
 * @param generation {@code metadata.generation}
 * @param deleting whether it is being deleted
 * @param spec as in the object
 * @param status as in the object; empty if there is none yet
 * @param evidence what is known about its nodes; empty for a network that is not in charge, or
 *     whose spec can't be read
 */
public record ObservedNetwork(
    String name,
    long generation,
    boolean deleting,
    FlannelNetworkSpec spec,
    Optional<FlannelNetworkStatus> status,
    Optional<Evidence> evidence) {

  private static final FlannelNetworkStatus NO_STATUS =
      new FlannelNetworkStatus(null, null, null, null, null, null, null, null, null, null);

  /** Causes for which an agent's last report no longer counts. */
  private static final Set<ProblemReason> SILENCE =
      Set.of(TunnelProblem.AGENT_SILENT, TunnelProblem.NODE_UNREACHABLE);

  /**
   * What is known about a network's nodes.
   *
   * @param inForce the backend in the configuration in force
   * @param leases every node of the network
   * @param reports the agents' reports, by node, as they are shown
   * @param tunnels the verdicts on the tunnels; empty if nothing measures them
   * @param at when this was observed
   */
  public record Evidence(
      DesiredNetwork wanted,
      Backend inForce,
      List<NodeLease> leases,
      Map<String, AgentReport> reports,
      Optional<TunnelVerdicts> tunnels,
      Instant at) {
    private Optional<NodeLease> lease(String node) {
      return leases.stream().filter(lease -> lease.node().name().equals(node)).findFirst();
    }

    private boolean isSilent(String node) {
      return tunnels
          .map(it -> it.nodes().get(node))
          .flatMap(TunnelVerdict::cause)
          .filter(SILENCE::contains)
          .isPresent();
    }

    private PathEndpoint end(NodeLease lease) {
      String node = lease.node().name();
      return PathEndpoint.of(lease, Optional.ofNullable(reports.get(node)), isSilent(node));
    }

    private Mesh mesh() {
      Map<String, AgentReport> heard = new TreeMap<>(reports);
      heard.keySet().removeIf(this::isSilent);
      return Mesh.of(
          leases.stream()
              .filter(lease -> lease.problem().isEmpty())
              .map(lease -> lease.node().name())
              .sorted()
              .toList(),
          heard);
    }
  }

  /** What is shown of it, without the mesh. */
  public NetworkView view() {
    return view(null);
  }

  /** What is shown of it. */
  public NetworkView viewWithMesh() {
    return view(mesh());
  }

  private NetworkView view(@Nullable Mesh mesh) {
    FlannelNetworkStatus all = status.orElse(NO_STATUS);
    return new NetworkView(
        name,
        generation,
        deleting,
        spec,
        new FlannelNetworkStatus(
            all.observedGeneration(),
            all.conditions(),
            all.applied(),
            all.change(),
            all.rollout(),
            all.summary(),
            null,
            null,
            all.problems(),
            all.adoption()),
        nodes(),
        mesh);
  }

  /** All nodes: those in the status, unchanged, then those that the status omits. */
  public List<NodeStatus> nodes() {
    List<NodeStatus> nodes =
        new ArrayList<>(
            status
                .map(FlannelNetworkStatus::nodes)
                .map(it -> Objects.requireNonNullElse(it, List.<NodeStatus>of()))
                .orElse(List.of()));
    boolean omits = status.map(FlannelNetworkStatus::nodesOmitted).orElse(0) > 0;
    if (omits && evidence.isPresent()) {
      Set<String> listed = nodes.stream().map(NodeStatus::name).collect(Collectors.toSet());
      Evidence it = evidence.get();
      nodes.addAll(
          NodeReport.ofThese(
              it.wanted(),
              it.leases().stream().filter(lease -> !listed.contains(lease.node().name())).toList(),
              it.tunnels(),
              it.at()));
    }
    return List.copyOf(nodes);
  }

  /** The results of the nodes' probes of each other. */
  public Mesh mesh() {
    return evidence.map(Evidence::mesh).orElse(new Mesh(List.of(), List.of()));
  }

  /** The names of its nodes, with or without a lease. */
  public Set<String> nodeNames() {
    return evidence.stream()
        .flatMap(it -> it.leases().stream())
        .map(lease -> lease.node().name())
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * The path of a packet between the pods of two of its nodes.
   *
   * @return empty if one of them is not a node of the network
   */
  public Optional<PacketPath> path(String from, String to) {
    return evidence.flatMap(
        it ->
            it.lease(from)
                .flatMap(
                    sender ->
                        it.lease(to)
                            .map(
                                receiver ->
                                    PathReport.of(
                                        it.end(sender),
                                        it.end(receiver),
                                        List.of(it.inForce(), it.wanted().backend()),
                                        it.tunnels()))));
  }
}
