package io.flannel.operator.decide.health;

import static java.time.Duration.ZERO;

import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.decide.health.TunnelIssue.Between;
import io.flannel.operator.decide.health.TunnelIssue.OneWay;
import io.flannel.operator.decide.health.TunnelIssue.Place;
import io.flannel.operator.decide.problem.ProblemReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * One diagnosis: the node pairs still unexplained and the causes found. Explained pairs are removed
 * and not visited again.
 */
final class Diagnosis {
  private final TunnelEvidence evidence;
  private final PreviousStatus before;
  private final ConfirmationDelays patience;
  private final Set<NodePair> open;
  private final Set<String> gone = new HashSet<>();
  private final Map<String, ProblemReason> causes = new HashMap<>();
  private final Map<ProblemReason, SortedSet<Place>> places = new LinkedHashMap<>();
  private final Map<ProblemReason, String> seen = new HashMap<>();
  private final Set<String> undecided = new HashSet<>();
  private final Set<String> doubted = new HashSet<>();
  private Optional<Duration> lookAgain = Optional.empty();

  Diagnosis(TunnelEvidence evidence, PreviousStatus before, ConfirmationDelays patience) {
    this.evidence = evidence;
    this.before = before;
    this.patience = patience;
    this.open = Collections.newSetFromMap(new IdentityHashMap<>());
    this.open.addAll(evidence.pairs());
  }

  TunnelEvidence evidence() {
    return evidence;
  }

  PreviousStatus before() {
    return before;
  }

  ConfirmationDelays patience() {
    return patience;
  }

  /** Returns a copy of the unexplained pairs, sorted. */
  List<NodePair> open() {
    return evidence.pairs().stream().filter(open::contains).toList();
  }

  /** Returns one node's unexplained pairs. */
  Stream<NodePair> openOf(String node) {
    return evidence.pairsOf(node).stream().filter(open::contains);
  }

  void explained(Collection<NodePair> pairs) {
    pairs.forEach(open::remove);
  }

  /** Marks the node as silent: its own report is from before. */
  void isGone(String node) {
    gone.add(node);
  }

  /** Nodes whose own reports are from before they fell silent. */
  Set<String> gone() {
    return gone;
  }

  // ---- What was found

  /**
   * Names a cause at a place.
   *
   * @param words what an agent saw; may be empty
   * @param nodes the nodes at fault; it becomes the cause of each that has none yet
   */
  void tell(ProblemReason cause, Place place, String words, List<String> nodes) {
    nodes.forEach(node -> causes.putIfAbsent(node, cause));
    SortedSet<Place> known = places.computeIfAbsent(cause, it -> new TreeSet<>(Place.ORDER));
    known.add(place);
    if (!words.isEmpty() && known.first().equals(place)) {
      seen.put(cause, words);
    }
  }

  /** Names a cause at a node. */
  void tellAt(String node, ProblemReason cause, String words) {
    tell(cause, At.node(node), words, List.of(node));
  }

  /** Names a cause at a node once the evidence is old enough. */
  void tellAt(String node, ProblemReason cause, String words, Duration held, Duration needed) {
    if (ripe(held, needed)) {
      tellAt(node, cause, words);
    } else {
      undecided.add(node);
    }
  }

  /**
   * Names a cause between two nodes once the evidence is old enough. Names it at one of them if
   * that one was blamed for the same just before and its paths are coming back.
   *
   * @param needed required age if only one of the two says so, or if neither agent hears the other
   */
  void tellBetween(
      NodePair pair, ProblemReason cause, Predicate<PathState> failing, Duration needed) {
    Optional<String> recovering = recovering(pair, cause);
    if (recovering.isPresent()) {
      tellAt(recovering.get(), cause, "");
      return;
    }
    if (isOnItsWayBack(pair, failing)) {
      undecided.addAll(List.of(pair.a(), pair.b()));
      return;
    }
    Optional<String> loser = pair.loser(failing);
    List<String> nodes = loser.map(List::of).orElse(List.of(pair.a(), pair.b()));
    Duration wait =
        isTheirsAlone(pair, failing)
            ? ZERO
            : bothTell(pair, failing) ? patience.forTheOthers() : needed;
    if (!ripe(pair.held(failing), wait)) {
      undecided.addAll(nodes);
      return;
    }
    tell(
        cause,
        loser
            .<Place>map(from -> new OneWay(from, pair.other(from)))
            .orElse(new Between(pair.a(), pair.b())),
        "",
        nodes);
  }

  /** Whether both ends say so, and neither says it from before its agent fell silent. */
  static boolean bothTell(NodePair pair, Predicate<PathState> failing) {
    return pair.bothSee(failing) && !pair.mutuallySilent();
  }

  /**
   * Whether both ends report the tunnel between them as lost, and each has another peer whose
   * probes all passed meanwhile. Then neither node as a whole is at fault: a node that is cut off
   * from all its peers has lost probes of each by the time it reports the first.
   */
  private boolean isTheirsAlone(NodePair pair, Predicate<PathState> failing) {
    boolean lost =
        pair.state() == PathState.TUNNEL_LOST || pair.state() == PathState.FULL_SIZE_LOST;
    return lost
        && bothTell(pair, failing)
        && Stream.of(pair.a(), pair.b())
            .allMatch(
                node ->
                    evidence.pairsOf(node).stream().anyMatch(other -> other.passesSteadily(node)));
  }

  /**
   * Leaves a failing pair undecided while one of its nodes needs time.
   *
   * @param left how much longer a node needs; empty if it needs no time
   */
  void leaveOpenAsLongAs(NodePair pair, Function<String, Optional<Duration>> left) {
    Stream.of(pair.a(), pair.b())
        .flatMap(node -> left.apply(node).stream())
        .max(Duration::compareTo)
        .ifPresent(
            wait -> {
              undecided.addAll(List.of(pair.a(), pair.b()));
              explained(List.of(pair));
              lookAgainAfter(wait);
            });
  }

  /** Sets the cause of a node's state without naming a problem yet. */
  void note(String node, ProblemReason cause) {
    causes.putIfAbsent(node, cause);
  }

  /** Makes the node Unknown until a cause is confirmed, which takes too long to keep its state. */
  void doubt(String node) {
    doubted.add(node);
  }

  Optional<ProblemReason> causeOf(String node) {
    return Optional.ofNullable(causes.get(node));
  }

  /** Whether this cause was named at the node as a whole. */
  boolean isTold(String node, ProblemReason cause) {
    return places.containsKey(cause) && places.get(cause).contains(At.node(node));
  }

  boolean isUndecided(String node) {
    return undecided.contains(node);
  }

  /** The nodes about which something is undecided. */
  Set<String> undecided() {
    return Set.copyOf(undecided);
  }

  boolean isDoubted(String node) {
    return doubted.contains(node);
  }

  List<TunnelIssue> troubles() {
    List<TunnelIssue> troubles = new ArrayList<>();
    places.forEach(
        (cause, where) ->
            troubles.add(new TunnelIssue(cause, List.copyOf(where), seen.getOrDefault(cause, ""))));
    return troubles;
  }

  // ---- Time

  void lookAgainAfter(Duration wait) {
    lookAgain = lookAgain.filter(it -> it.compareTo(wait) <= 0).or(() -> Optional.of(wait));
  }

  Optional<Duration> lookAgain() {
    return lookAgain;
  }

  /** Whether evidence is old enough; if not, asks for another look when it is. */
  private boolean ripe(Duration held, Duration needed) {
    if (held.compareTo(needed) < 0) {
      lookAgainAfter(needed.minus(held));
      return false;
    }
    return true;
  }

  /** How long the longest of these has been failing. */
  static Duration held(Collection<NodePair> pairs, Predicate<PathState> failing) {
    return pairs.stream().map(pair -> pair.held(failing)).max(Duration::compareTo).orElse(ZERO);
  }

  /** Whether probes can still be lost because of a fault that ended this long ago. */
  boolean stillEchoes(Duration ended) {
    Duration left = patience.forProbesToPass().minus(ended);
    if (left.isPositive()) {
      lookAgainAfter(left);
    }
    return left.isPositive();
  }

  /**
   * Returns the end that was blamed for the same just before and some of whose paths have come
   * back. Its other paths follow within a few probes.
   */
  Optional<String> recovering(NodePair pair, ProblemReason cause) {
    return Stream.of(pair.a(), pair.b())
        .filter(node -> before.blamed(node, pair.other(node), cause))
        .filter(
            node ->
                evidence.pairsOf(node).stream()
                    .filter(path -> path.state() == PathState.PASSES)
                    .anyMatch(path -> stillEchoes(path.lastChanged())))
        .findFirst();
  }

  /**
   * Whether one end's path to another node has come back since the two lost each other. Then what
   * cut both paths is mended, and this one follows within a few probes.
   */
  private boolean isOnItsWayBack(NodePair pair, Predicate<PathState> failing) {
    Duration lost = pair.held(failing);
    return Stream.of(pair.a(), pair.b())
        .flatMap(node -> evidence.pairsOf(node).stream())
        .filter(other -> other.state() == PathState.PASSES)
        .map(NodePair::lastChanged)
        .anyMatch(back -> back.compareTo(lost) < 0 && stillEchoes(back));
  }
}
