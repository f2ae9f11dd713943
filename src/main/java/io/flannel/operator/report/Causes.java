package io.flannel.operator.report;

import io.flannel.operator.decide.Cause;
import io.flannel.operator.decide.LocalFault;
import io.flannel.operator.decide.NodeProblem;
import io.flannel.operator.decide.TunnelProblem;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The order in which causes are told: those that explain most come first. */
final class Causes {
  private static final List<Cause> ORDER =
      Stream.<Cause[]>of(NodeProblem.values(), LocalFault.values(), TunnelProblem.values())
          .flatMap(Arrays::stream)
          .toList();

  private Causes() {}

  static int rank(Cause cause) {
    return ORDER.indexOf(cause);
  }
}
