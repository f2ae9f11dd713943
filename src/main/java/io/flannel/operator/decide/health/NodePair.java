package io.flannel.operator.decide.health;

import io.flannel.operator.decide.health.AgentReport.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Two nodes, and what each one's probes of the other saw. An echo needs both directions of a
 * tunnel, so both usually see the same. But one of them may have no report, or an old one.
 *
 * @param a the node whose name comes first
 * @param b the other node
 * @param fromA what the first node's probes saw
 * @param fromB what the other node's probes saw
 */
public record NodePair(String a, String b, Optional<Path> fromA, Optional<Path> fromB) {

  boolean has(String node) {
    return a.equals(node) || b.equals(node);
  }

  String other(String node) {
    return a.equals(node) ? b : a;
  }

  /** What this end's probes saw. */
  PathState seenFrom(String node) {
    return view(node).map(Path::state).orElse(PathState.UNMEASURED);
  }

  /** Whether this end's probes pass and none was lost recently. */
  boolean passesSteadily(String node) {
    return view(node).filter(it -> it.state() == PathState.PASSES && it.steady()).isPresent();
  }

  private Optional<Path> view(String node) {
    return a.equals(node) ? fromA : fromB;
  }

  /** Combines both ends' views. */
  PathState state() {
    // Neither gets the other's answers, but both are up: it is the path between them.
    return mutuallySilent() ? PathState.TUNNEL_LOST : worse();
  }

  /**
   * Whether each loses everything that it sends to the other, and all that is known of at least one
   * of them is that it is up.
   */
  boolean mutuallySilent() {
    return bothSee(PathState::lost) && worse() == PathState.SILENT;
  }

  private PathState worse() {
    PathState first = seenFrom(a);
    PathState second = seenFrom(b);
    return first.compareTo(second) > 0 ? first : second;
  }

  /** How long the longest-failing view has been failing. */
  Duration held(Predicate<PathState> failing) {
    return Stream.of(fromA, fromB)
        .flatMap(Optional::stream)
        .filter(path -> failing.test(path.state()))
        .map(Path::held)
        .max(Duration::compareTo)
        .orElse(Duration.ZERO);
  }

  /** How long ago one of the views last changed. */
  Duration lastChanged() {
    return Stream.of(fromA, fromB)
        .flatMap(Optional::stream)
        .map(Path::held)
        .min(Duration::compareTo)
        .orElse(Duration.ZERO);
  }

  boolean bothSee(Predicate<PathState> failing) {
    return failing.test(seenFrom(a)) && failing.test(seenFrom(b));
  }

  /** Returns the end that fails to reach the other while the other reaches it. */
  Optional<String> loser(Predicate<PathState> failing) {
    if (failing.test(seenFrom(a)) && seenFrom(b).reached() && !failing.test(seenFrom(b))) {
      return Optional.of(a);
    }
    if (failing.test(seenFrom(b)) && seenFrom(a).reached() && !failing.test(seenFrom(a))) {
      return Optional.of(b);
    }
    return Optional.empty();
  }

  /** Returns the end that the other hears nothing of, unless it says the same of the other. */
  Optional<String> goneToTheOther() {
    if (seenFrom(a).gone() && !seenFrom(b).lost()) {
      return Optional.of(b);
    }
    if (seenFrom(b).gone() && !seenFrom(a).lost()) {
      return Optional.of(a);
    }
    return Optional.empty();
  }
}
