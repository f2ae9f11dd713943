package io.flannel.operator.decide.health;

import io.flannel.operator.decide.problem.ProblemReason;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * One cause and all the places where it was found, sorted.
 *
 * @param seen what an agent saw of it, in its words; may be empty
 */
public record TunnelIssue(ProblemReason cause, List<Place> places, String seen) {

  /** Where something is wrong. */
  public sealed interface Place {
    /** Sorts nodes before pairs, and each by name. */
    Comparator<Place> ORDER =
        Comparator.comparingInt((Place place) -> place instanceof At ? 0 : 1)
            .thenComparing(Place::toString);

    /** The nodes concerned. */
    List<String> nodes();
  }

  /** A node, and the peer if a fault concerns only one. */
  public record At(String node, Optional<String> toward) implements Place {
    static At node(String name) {
      return new At(name, Optional.empty());
    }

    @Override
    public List<String> nodes() {
      return List.of(node);
    }
  }

  /** Two nodes, neither of which has trouble with most others. */
  public record Between(String a, String b) implements Place {
    @Override
    public List<String> nodes() {
      return List.of(a, b);
    }
  }

  /** Two nodes: the first does not reach the second, but the second reaches the first. */
  public record OneWay(String from, String to) implements Place {
    @Override
    public List<String> nodes() {
      return List.of(from, to);
    }
  }
}
