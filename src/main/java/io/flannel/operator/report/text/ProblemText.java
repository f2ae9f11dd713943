package io.flannel.operator.report.text;

import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.flannel.PrintableText;
import io.flannel.operator.report.view.NetworkView;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/** What is wrong, where, since when, and what to do: {@code kubectl flannel problems}. */
public final class ProblemText {
  private ProblemText() {}

  /**
   * Returns the problems, most severe first. If there are none, it says why the network is not
   * Ready, unless it is.
   */
  public static TextOutput of(NetworkView network, Instant now) {
    String name = network.name();
    if (!TextOutput.isSeen(network)) {
      return new TextOutput(LabelledLines.paragraph(name + ": " + UnobservedMessages.NEVER), false);
    }
    StringJoiner words = new StringJoiner("\n");
    if (!TextOutput.isOfPresentSpec(network)) {
      words.add(LabelledLines.paragraph(name + ": " + UnobservedMessages.SPEC));
    }
    List<Problem> problems = TextOutput.orNone(network.status().problems());
    problems.forEach(problem -> words.add(problem(problem, now)));
    if (problems.isEmpty()) {
      words.add(
          TextOutput.ready(network)
              .filter(ready -> ready.status() != Status.TRUE)
              .map(ready -> notReady(name, ready, now))
              .orElseGet(() -> "Nothing is wrong with network %s.\n".formatted(name)));
    }
    return new TextOutput(words.toString(), TextOutput.isWell(network));
  }

  private static String problem(Problem problem, Instant now) {
    LabelledLines facts = new LabelledLines("  ");
    List<String> nodes = TextOutput.orNone(problem.nodes());
    if (!nodes.isEmpty()) {
      facts.add("Nodes", String.join(", ", nodes));
    }
    if (problem.since() != null) {
      facts.add("Since", problem.since() + StatusText.since(problem.since(), now));
    }
    facts.add("What", problem.message());
    if (problem.remedy() != null) {
      facts.add("Do", problem.remedy());
    }
    facts.add("More", "docs/troubleshooting.md#" + problem.reason().toLowerCase(Locale.ROOT));
    return PrintableText.words(problem.reason()) + "\n" + facts;
  }

  private static String notReady(String name, StatusCondition ready, Instant now) {
    return "No problem is known of, but network %s is not Ready.\n".formatted(name)
        + new LabelledLines("  ")
            .add("Reason", ready.reason())
            .add(
                "Since",
                ready.lastTransitionTime() + StatusText.since(ready.lastTransitionTime(), now))
            .add("What", ready.message());
  }
}
