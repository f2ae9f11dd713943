package io.flannel.operator.report;

import static java.util.Comparator.comparingInt;

import io.flannel.operator.api.Bounds;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.decide.SaidTime;
import io.flannel.operator.decide.health.TunnelIssue;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.Between;
import io.flannel.operator.decide.health.TunnelIssue.OneWay;
import io.flannel.operator.decide.health.TunnelIssue.Place;
import io.flannel.operator.decide.lease.NodeLease;
import io.flannel.operator.decide.problem.LeaseProblem;
import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.flannel.PrintableText;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The status' {@code problems[]}: one entry for all nodes and pairs with the same cause. */
final class ProblemReport {
  /** Maximum number of nodes named in a problem. */
  private static final int NAMED_NODES = Bounds.NAMED_NODES;

  /** Maximum number of pairs named in a message. */
  private static final int NAMED_PAIRS = 5;

  /** Maximum length of the text that is quoted from an agent. */
  private static final int SEEN_LENGTH = 256;

  private final List<Problem> before;
  private final Instant now;
  private final List<Problem> problems = new ArrayList<>();

  /**
   * Creates an empty report.
   *
   * @param before the problems in the current status
   */
  ProblemReport(List<Problem> before, Instant now) {
    this.before = before;
    this.now = now;
  }

  /**
   * Returns the problems, most severe first.
   *
   * @param rollingOut whether to leave out what every node passes through in a rollout, except on
   *     nodes that had the problem before
   * @param backend the backend whose packets the nodes exchange
   */
  List<Problem> of(
      List<NodeLease> leases, boolean rollingOut, List<TunnelIssue> troubles, Backend backend) {
    for (LeaseProblem cause : LeaseProblem.values()) {
      lacksLease(cause, leases, rollingOut);
    }
    troubles.stream()
        .sorted(comparingInt(trouble -> ProblemSeverity.rank(trouble.cause())))
        .forEach(trouble -> trouble(trouble, backend));
    return problems;
  }

  private Optional<Problem> known(ProblemReason cause) {
    return before.stream().filter(one -> one.reason().equals(cause.reason())).findFirst();
  }

  private void lacksLease(LeaseProblem cause, List<NodeLease> leases, boolean rollingOut) {
    Set<String> had = known(cause).map(Problem::nodes).map(Set::copyOf).orElse(Set.of());
    boolean passing = rollingOut && cause.normalInRollout();
    List<String> nodes =
        leases.stream()
            .filter(lease -> lease.problem().filter(cause::equals).isPresent())
            .map(lease -> lease.node().name())
            .filter(name -> !passing || had.contains(name))
            .sorted()
            .toList();
    if (!nodes.isEmpty()) {
      add(cause, each(nodes, Names.ofNodes(nodes)) + cause.message(), nodes, cause.remedy());
    }
  }

  private void trouble(TunnelIssue trouble, Backend backend) {
    ProblemReason cause = trouble.cause();
    Map<String, List<String>> peers = new TreeMap<>();
    List<String> ways = new ArrayList<>();
    for (Place place : trouble.places()) {
      switch (place) {
        case At at -> {
          List<String> toward = peers.computeIfAbsent(at.node(), it -> new ArrayList<>());
          at.toward().ifPresent(toward::add);
        }
        case Between pair -> ways.add("between %s and %s".formatted(pair.a(), pair.b()));
        case OneWay way -> ways.add("from %s to %s".formatted(way.from(), way.to()));
      }
    }
    List<String> sentences = new ArrayList<>();
    if (!peers.isEmpty()) {
      List<String> named =
          peers.entrySet().stream()
              .map(
                  entry ->
                      entry.getValue().isEmpty()
                          ? entry.getKey()
                          : "%s (toward %s)".formatted(entry.getKey(), Names.and(entry.getValue())))
              .toList();
      sentences.add(each(named, Names.ofNodes(named)) + cause.message());
    }
    if (!ways.isEmpty() && cause instanceof TunnelProblem problem) {
      int more = ways.size() - NAMED_PAIRS;
      sentences.add(
          String.join(", ", ways.stream().limit(NAMED_PAIRS).toList())
              + (more > 0 ? " and %d more pairs".formatted(more) : "")
              + ": "
              + problem.between());
    }
    if (!trouble.seen().isEmpty()) {
      sentences.add(
          "%s says: %s"
              .formatted(
                  trouble.places().getFirst().nodes().getFirst(),
                  PrintableText.shortened(trouble.seen(), SEEN_LENGTH)));
    }
    add(
        cause,
        String.join("; ", sentences),
        trouble.places().stream().flatMap(it -> it.nodes().stream()).distinct().sorted().toList(),
        cause instanceof TunnelProblem problem ? problem.remedy(backend) : cause.remedy());
  }

  private void add(ProblemReason cause, String message, List<String> nodes, String remedy) {
    problems.add(
        new Problem(
            cause.reason(),
            message,
            nodes.stream().limit(NAMED_NODES).toList(),
            SaidTime.orElse(known(cause).map(Problem::since).orElse(null), now),
            remedy));
  }

  private static String each(List<String> nodes, String named) {
    return named + (nodes.size() == 1 ? " " : ": each ");
  }
}
