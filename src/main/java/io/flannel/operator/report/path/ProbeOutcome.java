package io.flannel.operator.report.path;

import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.health.TunnelIssue;
import io.flannel.operator.decide.health.TunnelVerdicts;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.report.path.PacketPath.Kind;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The result of the two nodes' probes of each other. An echo needs both directions, so the worse of
 * the two counts.
 */
record ProbeOutcome(PathState state) {
  static ProbeOutcome of(PathEndpoint from, PathEndpoint to) {
    return new ProbeOutcome(
        Stream.of(from.toward(to), to.toward(from))
            .flatMap(Optional::stream)
            .map(AgentReport.Path::state)
            .max(PathState::compareTo)
            .orElse(PathState.UNMEASURED));
  }

  /**
   * Returns what is wrong between the nodes if no fault on them explains the probes' result: the
   * matching problem in the network's verdicts or, if the fault is too recent for one, what the
   * probes alone suggest.
   */
  Optional<PathFault> breakOf(
      PathEndpoint from, PathEndpoint to, Backend backend, Optional<TunnelVerdicts> verdicts) {
    return verdicts.stream()
        .flatMap(it -> it.troubles().stream())
        .filter(trouble -> fits(trouble.cause()))
        .filter(trouble -> trouble.places().stream().anyMatch(at -> concerns(at, from, to)))
        .map(trouble -> (TunnelProblem) trouble.cause())
        .findFirst()
        .or(this::byItself)
        .map(problem -> onWire(problem, from, to, backend));
  }

  private static boolean concerns(TunnelIssue.Place place, PathEndpoint from, PathEndpoint to) {
    List<String> ends = List.of(from.name(), to.name());
    return switch (place) {
      case TunnelIssue.At at -> ends.contains(at.node());
      case TunnelIssue.Between _, TunnelIssue.OneWay _ -> ends.containsAll(place.nodes());
    };
  }

  /** Whether a problem can explain what the probes see. */
  private boolean fits(ProblemReason cause) {
    if (!(cause instanceof TunnelProblem problem)) {
      return false;
    }
    return switch (problem) {
      case NODE_UNREACHABLE, PUBLIC_IP_WRONG, ENCAPSULATION_BLOCKED -> state.lost();
      case MTU_BLACK_HOLE -> state == PathState.FULL_SIZE_LOST;
      case PACKET_LOSS -> state == PathState.LOSSY;
      case AGENT_SILENT, REPORT_INVALID, NOT_REPORTED -> false;
    };
  }

  private Optional<TunnelProblem> byItself() {
    return switch (state) {
      case UNMEASURED, PASSES, SILENT, UNDECIDED -> Optional.empty();
      case LOSSY -> Optional.of(TunnelProblem.PACKET_LOSS);
      case FULL_SIZE_LOST -> Optional.of(TunnelProblem.MTU_BLACK_HOLE);
      case TUNNEL_LOST -> Optional.of(TunnelProblem.ENCAPSULATION_BLOCKED);
      case UNREACHABLE -> Optional.of(TunnelProblem.NODE_UNREACHABLE);
    };
  }

  private static PathFault onWire(
      TunnelProblem problem, PathEndpoint from, PathEndpoint to, Backend backend) {
    return new PathFault(
        Kind.WIRE,
        false,
        false,
        problem != TunnelProblem.PACKET_LOSS,
        problem,
        "between %s: %s"
            .formatted(Names.ofNodes(List.of(from.name(), to.name())), problem.between()),
        "",
        problem.remedy(backend));
  }
}
