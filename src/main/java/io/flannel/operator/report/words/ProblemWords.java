package io.flannel.operator.report.words;

import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.overlay.PrintableText;
import io.flannel.operator.report.view.NetworkView;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/** What is wrong, where, since when, and what to do: {@code kubectl flannel problems}. */
public final class ProblemWords {
  private ProblemWords() {}

  /** Says them, the gravest first; where there are none, why the network is not Ready, if so. */
  public static Words of(NetworkView network, Instant now) {
    String name = network.name();
    if (!Words.isSeen(network)) {
      return new Words(Facts.paragraph(name + ": " + NotSeen.NEVER), false);
    }
    StringJoiner words = new StringJoiner("\n");
    if (!Words.isOfPresentSpec(network)) {
      words.add(Facts.paragraph(name + ": " + NotSeen.SPEC));
    }
    List<Problem> problems = Words.orNone(network.status().problems());
    problems.forEach(problem -> words.add(problem(problem, now)));
    if (problems.isEmpty()) {
      words.add(
          Words.ready(network)
              .filter(ready -> ready.status() != Status.TRUE)
              .map(ready -> notReady(name, ready, now))
              .orElseGet(() -> "Nothing is wrong with network %s.\n".formatted(name)));
    }
    return new Words(words.toString(), Words.isWell(network));
  }

  private static String problem(Problem problem, Instant now) {
    Facts facts = new Facts("  ");
    List<String> nodes = Words.orNone(problem.nodes());
    if (!nodes.isEmpty()) {
      facts.add("Nodes", String.join(", ", nodes));
    }
    if (problem.since() != null) {
      facts.add("Since", problem.since() + StatusWords.since(problem.since(), now));
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
        + new Facts("  ")
            .add("Reason", ready.reason())
            .add(
                "Since",
                ready.lastTransitionTime() + StatusWords.since(ready.lastTransitionTime(), now))
            .add("What", ready.message());
  }
}
