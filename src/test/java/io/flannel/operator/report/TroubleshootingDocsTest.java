package io.flannel.operator.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.Cause;
import io.flannel.operator.decide.ForeignFlannelJudge;
import io.flannel.operator.decide.LocalFault;
import io.flannel.operator.decide.NodeProblem;
import io.flannel.operator.decide.Preflight;
import io.flannel.operator.decide.StepSchedule;
import io.flannel.operator.decide.TunnelProblem;
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
 * docs/troubleshooting.md has a section for every reason that users can read in a status, or in an
 * Event alone.
 */
class TroubleshootingDocsTest {
  /** Where reasons stand as literals: refusals, the one thing to say about a network, warnings. */
  private static final List<String> SOURCES =
      List.of(
          "decide/Acceptance",
          "decide/AdoptionJudge",
          "decide/ChangeRefusals",
          "report/Verdict",
          "report/TunnelsHealthy",
          "control/Pass",
          "control/Finalization",
          "control/Going");

  private static final Pattern REFUSAL_OR_VERDICT =
      Pattern.compile(
          "(?:Decision\\.refuse|Decision\\.Refuse|new Verdict|new TunnelsHealthy|new Happening)"
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
    Stream.of(NodeProblem.values(), LocalFault.values(), TunnelProblem.values())
        .flatMap(Arrays::stream)
        .map(Cause::reason)
        .forEach(reported::add);
    for (String source : SOURCES) {
      reasonsIn(source).forEach(reported::add);
    }
    reported.addAll(
        List.of(
            ForeignFlannelJudge.REASON,
            StatusReport.CLEANING,
            StatusReport.INTERNAL_ERROR,
            StatusReport.PAUSED,
            StepSchedule.ENDING,
            Preflight.Running.REASON,
            Preflight.Blocked.REASON,
            Preflight.Incomplete.REASON));
    reported.removeAll(Set.of("AllNodesLeased", "AllTunnelsHealthy"));

    assertThat(reported)
        .hasSizeGreaterThan(NodeProblem.values().length + LocalFault.values().length + 10);
    assertThat(documented).containsExactlyElementsOf(reported);
  }

  private static Stream<String> reasonsIn(String source) throws IOException {
    String code =
        Files.readString(Path.of("src/main/java/io/flannel/operator/" + source + ".java"));
    return REFUSAL_OR_VERDICT.matcher(code).results().map(match -> match.group(1));
  }
}
