package io.flannel.operator.decide.preflight;

import io.flannel.operator.decide.health.ProbePlan;
import io.flannel.operator.decide.preflight.Preflight.Outcome;
import io.flannel.operator.decide.task.TaskSchedule.SeenPod;
import io.flannel.operator.decide.task.TaskSchedule.Start;
import io.flannel.operator.flannel.Backend;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What to do about a pre-flight's pods, and their verdict. The pods are the only record of it.
 * Those of one attempt form a round, and all nodes' pods of a round are created at once.
 *
 * @param verdict the verdict in force: that of a failed round stays until its repetition is done
 * @param starts the pods to create
 * @param deletions names of the pods to delete
 * @param lookAgain delay before the requeue; empty if nothing changes without an event
 */
public record PreflightRound(
    Preflight verdict, List<Start> starts, List<String> deletions, Optional<Duration> lookAgain) {

  /** A pod that has not ended after this long counts as failed: it tries for 30 s at most. */
  static final Duration PATIENCE = Duration.ofMinutes(2);

  /** How long after a round its verdict expires and everything is tried again. */
  static final Duration REPEAT = Duration.ofMinutes(5);

  private static final String JOINED = "joined while the others tried";

  /**
   * A pre-flight's pod.
   *
   * @param task its task; empty if an operator of another version created the pod
   */
  public record TriedPod(SeenPod pod, Optional<PreflightTask> task) {}

  /** A pod of this change. */
  private record Member(SeenPod pod, PreflightTask task) {}

  /**
   * The rounds of this change that still have pods.
   *
   * @param byAttempt each round's pods, by node
   */
  private record Rounds(SortedMap<Integer, Map<String, Member>> byAttempt) {
    int attempt() {
      return byAttempt.lastKey();
    }

    Map<String, Member> last() {
      return byAttempt.lastEntry().getValue();
    }

    Rounds before() {
      return new Rounds(byAttempt.headMap(attempt()));
    }

    boolean isEmpty() {
      return byAttempt.isEmpty();
    }

    List<String> names() {
      return byAttempt.values().stream()
          .flatMap(round -> round.values().stream())
          .map(it -> it.pod().name())
          .toList();
    }
  }

  /**
   * Decides which pods to create and delete, and the verdict.
   *
   * @param plan must have at least two nodes
   * @param backend the new one
   * @param pods the pre-flight's pods
   */
  public static PreflightRound of(
      PreflightPlan plan, Backend backend, List<TriedPod> pods, Instant now) {
    return new Judge(plan, backend, now).round(pods);
  }

  private record Judge(PreflightPlan plan, Backend backend, Instant now) {

    PreflightRound round(List<TriedPod> pods) {
      String change = plan.tasks().firstEntry().getValue().nonce();
      SortedMap<Integer, Map<String, Member>> byAttempt = new TreeMap<>();
      List<SeenPod> others = new ArrayList<>();
      for (TriedPod it : pods) {
        Optional<PreflightTask> task = it.task().filter(told -> told.nonce().equals(change));
        if (task.isPresent()) {
          byAttempt
              .computeIfAbsent(it.pod().attempt(), _ -> new TreeMap<>())
              .put(it.pod().node(), new Member(it.pod(), task.get()));
        } else {
          others.add(it.pod());
        }
      }
      Rounds rounds = new Rounds(byAttempt);
      if (rounds.isEmpty()) {
        return first(others);
      }
      Map<String, Member> last = rounds.last();
      SortedSet<String> missing = new TreeSet<>(plan.tasks().keySet());
      missing.removeAll(last.keySet());
      boolean planned = isAsPlanned(last);
      SortedSet<String> unmade = planned ? new TreeSet<>(missing) : named(last, missing);
      missing.removeAll(unmade);
      boolean stale = plan.tasks().size() - missing.size() < 2;
      if (stale || (!planned && !unmade.isEmpty())) {
        // Some pods of the round are missing, and the plan has changed: new pods and the existing
        // ones would not know each other.
        return first(pods.stream().map(TriedPod::pod).toList());
      }
      SortedMap<String, String> leftOut = new TreeMap<>(plan.leftOut());
      missing.forEach(node -> leftOut.put(node, JOINED));
      Preflight verdict = Preflight.judge(outcomes(last, unmade), leftOut, plan.before(), backend);
      List<String> deletions = names(others);
      if (verdict instanceof Preflight.Running) {
        return running(verdict, rounds, unmade, leftOut, deletions);
      }
      deletions.addAll(rounds.before().names());
      Instant due = ended(last.values()).plus(REPEAT);
      if (now.isBefore(due)) {
        return new PreflightRound(
            verdict, List.of(), deletions, Optional.of(Duration.between(now, due)));
      }
      return new PreflightRound(
          verdict instanceof Preflight.Passed ? everywhere() : verdict,
          starts(plan.tasks().keySet(), rounds.attempt() + 1),
          deletions,
          Optional.empty());
    }

    /**
     * Starts a round, but only when the other pods are gone: one may still use wireguard's port.
     */
    private PreflightRound first(List<SeenPod> others) {
      int attempt = others.stream().mapToInt(SeenPod::attempt).max().orElse(0) + 1;
      boolean clear = others.stream().noneMatch(it -> plan.tasks().containsKey(it.node()));
      return new PreflightRound(
          everywhere(),
          clear ? starts(plan.tasks().keySet(), attempt) : List.of(),
          names(others),
          Optional.empty());
    }

    private PreflightRound running(
        Preflight verdict,
        Rounds rounds,
        SortedSet<String> unmade,
        SortedMap<String, String> leftOut,
        List<String> deletions) {
      Preflight inForce = verdict;
      Rounds earlier = rounds.before();
      if (!earlier.isEmpty()) {
        Preflight said =
            Preflight.judge(outcomes(earlier.last(), Set.of()), leftOut, plan.before(), backend);
        inForce = said instanceof Preflight.Passed ? verdict : said;
        deletions.addAll(earlier.before().names());
      }
      return new PreflightRound(
          inForce,
          starts(unmade, rounds.attempt()),
          deletions,
          rounds.last().values().stream()
              .filter(it -> it.pod().result().isEmpty())
              .map(it -> Duration.between(now, it.pod().since().plus(PATIENCE)))
              .filter(Duration::isPositive)
              .min(Comparator.naturalOrder()));
    }

    private Preflight everywhere() {
      return new Preflight.Running(List.copyOf(plan.tasks().keySet()));
    }

    private Map<String, Outcome> outcomes(Map<String, Member> pods, Set<String> unmade) {
      Map<String, Outcome> outcomes = new TreeMap<>();
      unmade.forEach(node -> outcomes.put(node, new Outcome.Running()));
      pods.forEach(
          (node, it) -> {
            if (plan.tasks().containsKey(node)) {
              outcomes.put(node, outcome(it));
            }
          });
      return outcomes;
    }

    private Outcome outcome(Member it) {
      SeenPod pod = it.pod();
      if (pod.result().isPresent()) {
        return Outcome.of(it.task(), pod.result().get());
      }
      if (now.isBefore(pod.since().plus(PATIENCE))) {
        return new Outcome.Running();
      }
      return new Outcome.Failed(
          "its pod did not end within %d minutes%s"
              .formatted(PATIENCE.toMinutes(), pod.state().isEmpty() ? "" : ": " + pod.state()));
    }

    private boolean isAsPlanned(Map<String, Member> pods) {
      return pods.entrySet().stream()
          .allMatch(it -> it.getValue().task().equals(plan.tasks().get(it.getKey())));
    }

    /** Returns those of the nodes that the round's tasks name as peers. */
    private static SortedSet<String> named(Map<String, Member> round, Set<String> nodes) {
      return round.values().stream()
          .flatMap(it -> it.task().peers().stream())
          .map(PreflightTask.Peer::name)
          .filter(nodes::contains)
          .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Instant ended(Collection<Member> pods) {
      return pods.stream()
          .map(it -> it.pod())
          .map(pod -> pod.result().isPresent() ? pod.since() : pod.since().plus(PATIENCE))
          .max(Comparator.naturalOrder())
          .orElseThrow();
    }

    /**
     * Orders the pods to create. They are created one after the other, but neighbours on the ring
     * of {@link ProbePlan} try with each other and must run at the same time. So the order
     * alternates between both ends of the names.
     *
     * @param nodes sorted
     */
    private static List<Start> starts(Set<String> nodes, int attempt) {
      Deque<String> left = new ArrayDeque<>(nodes);
      List<Start> starts = new ArrayList<>();
      while (!left.isEmpty()) {
        boolean first = starts.size() % 2 == 0;
        starts.add(new Start(first ? left.removeFirst() : left.removeLast(), attempt));
      }
      return List.copyOf(starts);
    }

    private static List<String> names(List<SeenPod> pods) {
      return pods.stream().map(SeenPod::name).collect(Collectors.toCollection(ArrayList::new));
    }
  }
}
