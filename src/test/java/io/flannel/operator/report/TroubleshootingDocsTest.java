package io.flannel.operator.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.adoption.ForeignFlannelValidator;
import io.flannel.operator.decide.preflight.Preflight;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.decide.task.TaskSchedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * docs/troubleshooting.md has a section for every reason that users can read in a status or only in
 * an Event.
 */
class TroubleshootingDocsTest {
  /** Classes with reasons as literals: refusals, reasons of Ready and TunnelsHealthy, warnings. */
  private static final List<String> SOURCES =
      List.of(
          "decide/acceptance/SpecValidator",
          "decide/adoption/AdoptionValidator",
          "decide/acceptance/ChangeValidator",
          "report/Readiness",
          "report/TunnelsHealthy",
          "reconcile/Reconciliation",
          "reconcile/Finalization",
          "apply/NodeCleanup");

  private static final Pattern REFUSAL_OR_VERDICT =
      Pattern.compile(
          "(?:Decision\\.refuse|Decision\\.Refuse|new Readiness|new TunnelsHealthy|new NetworkEvent)"
              + "\\(\\s*(?:(?:(?:Kind|Status)\\.\\w+|true),\\s*)?\"(\\w+)\"");

  @Test
  void everyReasonHasASection() throws IOException {
    var documented = new TreeSet<String>();
    String chapter = "";
    for (String line : Files.readAllLines(Path.of("docs/troubleshooting.md"))) {
      if (line.startsWith("## ")) {
        chapter = line.substring(3);
      }
      if (line.startsWith("### ") && !chapter.equals("Alerts")) {
        documented.addAll(List.of(line.substring(4).split(", ")));
      }
    }
    var reported = new TreeSet<String>();
    Stream.of(LeaseProblem.values(), NodeFault.values(), TunnelProblem.values())
        .flatMap(Arrays::stream)
        .map(ProblemReason::reason)
        .forEach(reported::add);
    for (String source : SOURCES) {
      reasonsIn(source).forEach(reported::add);
    }
    reported.addAll(
        List.of(
            ForeignFlannelValidator.REASON,
            StatusReport.CLEANING,
            StatusReport.INTERNAL_ERROR,
            StatusReport.PAUSED,
            TaskSchedule.WAITING,
            Preflight.Running.REASON,
            Preflight.Blocked.REASON,
            Preflight.Incomplete.REASON));
    reported.removeAll(Set.of("AllNodesLeased", "AllTunnelsHealthy"));

    assertThat(reported)
        .hasSizeGreaterThan(LeaseProblem.values().length + NodeFault.values().length + 10);
    assertThat(documented).containsExactlyElementsOf(reported);
  }

  private static Stream<String> reasonsIn(String source) throws IOException {
    String code =
        Files.readString(Path.of("src/main/java/io/flannel/operator/" + source + ".java"));
    return REFUSAL_OR_VERDICT.matcher(code).results().map(match -> match.group(1));
  }
}
