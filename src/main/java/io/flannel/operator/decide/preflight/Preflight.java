package io.flannel.operator.decide.preflight;

import io.flannel.operator.decide.ClusterState;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.decide.acceptance.SpecValidator;
import io.flannel.operator.decide.preflight.PreflightLosses.Pair;
import io.flannel.operator.decide.problem.TunnelProblem;
import io.flannel.operator.decide.rollout.RolloutState;
import io.flannel.operator.decide.task.TaskResult;
import io.flannel.operator.flannel.Backend;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.Encapsulation;
import io.flannel.operator.flannel.Names;
import io.flannel.operator.flannel.live.RolloutAnnotations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The combined result of the nodes' pre-flight pods. */
public sealed interface Preflight {
  /** How long two pods must run at the same time for their silence to mean anything. */
  Duration LEAST_OVERLAP = Duration.ofSeconds(5);

  /** The end of a remedy: when the pre-flight is tried again. */
  String AGAIN =
      "; then it is tried again by itself within %d minutes, or at once when the annotation %s has another value"
          .formatted(PreflightRound.REPEAT.toMinutes(), RolloutAnnotations.RETRY);

  /** What became of a node's pod. */
  sealed interface Outcome {
    /** The pod is not created yet, has not started yet, or is running. */
    record Running() implements Outcome {}

    /** The pod tried what it was told to. */
    record Ended(PreflightTask task, PreflightResult result) implements Outcome {}

    /** The pod could not try, or what it found is unknown. */
    record Failed(String why) implements Outcome {}

    /**
     * Returns the outcome of a pod that has ended, from the task in its environment and its result.
     */
    static Outcome of(PreflightTask task, TaskResult taskResult) {
      return PreflightResult.of(taskResult, task)
          .<Outcome>map(
              result ->
                  result.error() == null ? new Ended(task, result) : new Failed(result.error()))
          .orElseGet(
              () ->
                  new Failed(
                      taskResult.done()
                          ? "what its pod said is no pre-flight's"
                          : taskResult.said()));
    }
  }

  /** These nodes are not done yet. */
  record Running(List<String> nodes) implements Preflight {
    /** In one word, for programs. */
    public static final String REASON = "Preflight";
  }

  /**
   * All packets passed, except between pairs that already lost them: see {@link LossBaseline}.
   *
   * @param leftOut nodes that did not take part, and why
   */
  record Passed(SortedMap<String, String> leftOut) implements Preflight {}

  /**
   * The network between the nodes drops what the new backend would send. The change must not begin.
   *
   * @param message between which nodes, in which direction, and whether only full-size packets
   * @param remedy what to let pass, or which MTU to set
   */
  record Blocked(String message, String remedy) implements Preflight {
    /** In one word, for programs. */
    public static final String REASON = "PreflightFailed";
  }

  /**
   * Nothing that was tried was dropped, but not everything could be tried. It has to be tried
   * again.
   *
   * @param message which nodes, and why
   */
  record Incomplete(String message, String remedy) implements Preflight {
    /** In one word, for programs. */
    public static final String REASON = "PreflightIncomplete";
  }

  /**
   * Returns what the result means for the change; empty if it may begin.
   *
   * @param encapsulation the new one
   */
  default Optional<Decision> objection(Encapsulation encapsulation) {
    return switch (this) {
      case Passed _ -> Optional.empty();
      case Running _ ->
          Optional.of(
              new Decision.Wait(
                  Running.REASON,
                  "before the first node is changed, the nodes try %s among each other"
                      .formatted(encapsulation)));
      case Blocked(String message, String remedy) ->
          Optional.of(Decision.refuse(Blocked.REASON, message, remedy + AGAIN));
      case Incomplete(String message, String remedy) ->
          Optional.of(Decision.refuse(Incomplete.REASON, message, remedy));
    };
  }

  /** Returns the result if the API server rejects the pods, with its message. */
  static Preflight notMade(String why) {
    return new Incomplete(
        "the new encapsulation could not be tried: " + why,
        "let the operator make pods with hostNetwork and NET_RAW in its own namespace; it is tried"
            + " again by itself");
  }

  /**
   * Returns the encapsulation to try before a change begins; empty if there is none. A rollout that
   * has not reached all nodes may go back at once to what ran on all of them.
   *
   * @param course how the rollout would go on
   */
  static Optional<Encapsulation> toBeTried(
      DesiredNetwork wanted, ClusterState cluster, RolloutState course) {
    Optional<String> revision = Optional.of(course.step().marks().revision());
    boolean back =
        course.underWay()
            && cluster.live().flatMap(live -> live.marks().previous()).equals(revision);
    return !course.begins(cluster) || back
        ? Optional.empty()
        : SpecValidator.change(wanted, cluster).newEncapsulation();
  }

  /**
   * Judges what the pods found.
   *
   * @param outcomes by node, for every node in the plan
   * @param leftOut the plan's nodes that take no part and those that joined later, and why
   * @param before the plan's baseline
   * @param backend the new one
   */
  static Preflight judge(
      Map<String, Outcome> outcomes,
      SortedMap<String, String> leftOut,
      LossBaseline before,
      Backend backend) {
    SortedSet<String> running = new TreeSet<>();
    SortedMap<String, String> untried = new TreeMap<>();
    SortedMap<String, Outcome.Ended> ended = new TreeMap<>();
    outcomes.forEach(
        (node, outcome) -> {
          switch (outcome) {
            case Outcome.Running() -> running.add(node);
            case Outcome.Failed(String why) -> untried.put(node, why);
            case Outcome.Ended it -> ended.put(node, it);
          }
        });
    if (!running.isEmpty()) {
      return new Running(List.copyOf(running));
    }
    PreflightLosses losses = PreflightLosses.of(ended).since(before);
    if (!losses.none()) {
      return blocked(losses, ended, backend);
    }
    return untried.isEmpty() && losses.apart().isEmpty()
        ? new Passed(leftOut)
        : incomplete(untried, losses.apart());
  }

  private static Blocked blocked(
      PreflightLosses losses, SortedMap<String, Outcome.Ended> ended, Backend backend) {
    List<String> sentences = new ArrayList<>();
    List<String> remedies = new ArrayList<>();
    String type = backend.type().wireName();
    if (!PreflightLosses.lost(losses.dropped()).isEmpty()) {
      sentences.add(
          "what %s sends does not pass %s"
              .formatted(type, PreflightLosses.named(losses.dropped())));
      remedies.add(TunnelProblem.ENCAPSULATION_BLOCKED.remedy(backend));
    }
    if (!PreflightLosses.lost(losses.fullSize()).isEmpty()) {
      sentences.add(
          "packets of %s of full size do not pass %s, though small ones do"
              .formatted(type, PreflightLosses.named(losses.fullSize())));
      remedies.add(TunnelProblem.MTU_BLACK_HOLE.remedy(backend));
    }
    ended.forEach(
        (node, it) -> {
          if (it.result().refused() != null && sentences.size() < 3) {
            sentences.add("the kernel of %s says: %s".formatted(node, it.result().refused()));
          }
        });
    return new Blocked(
        "tried before any node was changed: " + String.join("; ", sentences),
        String.join("; ", remedies));
  }

  private static Incomplete incomplete(SortedMap<String, String> untried, SortedSet<Pair> apart) {
    List<String> sentences = new ArrayList<>();
    Map<String, List<String>> byReason = new TreeMap<>();
    untried.forEach(
        (node, why) -> byReason.computeIfAbsent(why, it -> new ArrayList<>()).add(node));
    byReason.forEach((why, nodes) -> sentences.add(Names.ofNodes(nodes) + ": " + why));
    if (!apart.isEmpty()) {
      sentences.add(
          "the pods did not run at the same time "
              + Names.and(apart.stream().map(Pair::toString).toList()));
    }
    return new Incomplete(
        "the new encapsulation could not be tried everywhere: " + String.join("; ", sentences),
        "look at the pre-flight's pods on these nodes: kubectl get pods -A -o wide -l"
            + " flannel.io/task=preflight, then logs and describe"
            + AGAIN);
  }
}
