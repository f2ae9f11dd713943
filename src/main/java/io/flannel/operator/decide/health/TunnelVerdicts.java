package io.flannel.operator.decide.health;

import static io.flannel.operator.decide.problem.TunnelProblem.AGENT_SILENT;
import static io.flannel.operator.decide.problem.TunnelProblem.NODE_UNREACHABLE;
import static io.flannel.operator.decide.problem.TunnelProblem.NOT_REPORTED;
import static io.flannel.operator.decide.problem.TunnelProblem.PUBLIC_IP_WRONG;
import static io.flannel.operator.decide.problem.TunnelProblem.REPORT_INVALID;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.health.AgentReport.Awaited;
import io.flannel.operator.decide.health.AgentReport.Nonsense;
import io.flannel.operator.decide.health.AgentReport.Path;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.flannel.DesiredNetwork.Health;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * What all reports together say: a verdict for each node, and what is wrong, by cause.
 *
 * @param nodes the verdict of every node of the network, by name
 * @param troubles each cause once
 * @param undecided the nodes with evidence that is too recent to name a cause; a Healthy one stays
 *     so meanwhile
 * @param lookAgain delay before something that is undecided can be decided without another report;
 *     empty if nothing is undecided
 */
public record TunnelVerdicts(
    SortedMap<String, TunnelVerdict> nodes,
    List<TunnelIssue> troubles,
    Set<String> undecided,
    Optional<Duration> lookAgain) {

  private static final AgentReport NOTHING_YET = new Awaited(Duration.ZERO);

  /** Causes that leave the state of a node's tunnels unknown, though probes may pass. */
  private static final Set<ProblemReason> LEAVE_UNKNOWN =
      Set.of(AGENT_SILENT, REPORT_INVALID, NOT_REPORTED, NodeFault.CHECKS_FAILED);

  /** Causes that explain why nothing is heard of a node's agent. */
  private static final Set<ProblemReason> SILENCE =
      Set.of(AGENT_SILENT, NODE_UNREACHABLE, PUBLIC_IP_WRONG);

  /**
   * Judges all nodes.
   *
   * @param leases every node of the network; one without a valid lease is Unknown for that reason
   * @param reports by node; a node that is missing has not reported
   * @param before the last verdicts
   */
  public static TunnelVerdicts judge(
      Health health,
      List<NodeLease> leases,
      Map<String, AgentReport> reports,
      PreviousStatus before) {
    TunnelEvidence evidence = TunnelEvidence.of(leases, reports);
    Diagnosis told = new Diagnosis(evidence, before, new ConfirmationDelays(health));
    UnreachableNodesRule.judge(told);
    LocalFaultsRule.cutting(told);
    PacketLossRule.judge(told);
    LocalFaultsRule.quiet(told);
    evidence
        .leased()
        .keySet()
        .forEach(node -> missingReport(node, reports.getOrDefault(node, NOTHING_YET), told));
    ProbePlan plan = ProbePlan.of(evidence.leased().keySet());
    SortedMap<String, TunnelVerdict> verdicts = new TreeMap<>();
    for (NodeLease lease : leases) {
      String node = lease.node().name();
      boolean alone = plan.peersOf(node).isEmpty();
      verdicts.put(node, verdict(told, lease, Optional.ofNullable(reports.get(node)), alone));
    }
    return new TunnelVerdicts(verdicts, told.troubles(), told.undecided(), told.lookAgain());
  }

  private static TunnelVerdict verdict(
      Diagnosis told, NodeLease lease, Optional<AgentReport> report, boolean alone) {
    String node = lease.node().name();
    Optional<Received> current =
        told.gone().contains(node)
            ? Optional.empty()
            : Optional.ofNullable(told.evidence().heard().get(node));
    Optional<TunnelVerdict.Reach> reach =
        told.evidence().reach(node, current.isEmpty(), told.gone()::contains);
    Optional<ProblemReason> cause =
        lease.problem().<ProblemReason>map(it -> it).or(() -> told.causeOf(node));
    return new TunnelVerdict(
        cause.map(it -> tunnel(it, reach)).orElseGet(() -> withoutCause(told, node, alone, reach)),
        cause,
        reach,
        report
            .filter(Received.class::isInstance)
            .map(Received.class::cast)
            .flatMap(Received::device),
        current.flatMap(it -> median(it, Path::rttP50Micros)),
        current.flatMap(it -> median(it, Path::rttP99Micros)));
  }

  private static Tunnel withoutCause(
      Diagnosis told, String node, boolean alone, Optional<TunnelVerdict.Reach> reach) {
    if (told.isDoubted(node)) {
      return Tunnel.UNKNOWN;
    }
    boolean passes =
        told.isUndecided(node)
            ? told.before().wasHealthy(node)
            : alone || reach.filter(it -> it.reached() > 0).isPresent();
    return passes ? Tunnel.HEALTHY : Tunnel.UNKNOWN;
  }

  private static void missingReport(String node, AgentReport report, Diagnosis told) {
    if (told.causeOf(node).filter(SILENCE::contains).isPresent()) {
      return;
    }
    switch (report) {
      case Nonsense nonsense -> {
        boolean known =
            told.before().reasonOf(node).filter(REPORT_INVALID.reason()::equals).isPresent();
        told.tellAt(
            node,
            REPORT_INVALID,
            nonsense.why(),
            nonsense.held(),
            known ? Duration.ZERO : InvalidReports.STANDS_AFTER);
        nonsense.left().ifPresent(told::lookAgainAfter);
      }
      case Received received -> {
        if (received.silent()) {
          told.tellAt(node, AGENT_SILENT, "");
        } else {
          told.lookAgainAfter(AgentReport.SILENT_AFTER.minus(received.age()).plusMillis(1));
        }
      }
      case Awaited awaited -> {
        if (awaited.overdue()) {
          told.tellAt(node, NOT_REPORTED, "");
        } else {
          told.note(node, NOT_REPORTED);
          told.lookAgainAfter(AgentReport.FIRST_WITHIN.minus(awaited.waiting()).plusMillis(1));
        }
      }
    }
  }

  private static Tunnel tunnel(ProblemReason cause, Optional<TunnelVerdict.Reach> reach) {
    if (cause instanceof LeaseProblem || LEAVE_UNKNOWN.contains(cause)) {
      return Tunnel.UNKNOWN;
    }
    return reach.filter(it -> it.reached() == 0).isPresent() ? Tunnel.DOWN : Tunnel.DEGRADED;
  }

  private static Optional<Integer> median(
      Received report, Function<Path, Optional<Integer>> figure) {
    List<Integer> figures =
        report.paths().stream()
            .filter(path -> path.state().reached())
            .flatMap(path -> figure.apply(path).stream())
            .sorted()
            .toList();
    return figures.isEmpty() ? Optional.empty() : Optional.of(figures.get(figures.size() / 2));
  }
}
