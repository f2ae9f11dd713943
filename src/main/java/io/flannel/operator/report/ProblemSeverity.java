package io.flannel.operator.report;

import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The order in which causes are reported: those that explain the most come first. */
final class ProblemSeverity {
  private static final List<ProblemReason> ORDER =
      Stream.<ProblemReason[]>of(LeaseProblem.values(), NodeFault.values(), TunnelProblem.values())
          .flatMap(Arrays::stream)
          .toList();

  private ProblemSeverity() {}

  static int rank(ProblemReason cause) {
    return ORDER.indexOf(cause);
  }
}
