package io.flannel.operator.decide.health;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Finds the nodes that cause failing pairs: those with more than half of their pairs failing, and
 * at least two. It starts with the worst, and pairs that fail because of them do not count against
 * other nodes. Where six of ten nodes are cut off, the other four lose most of their peers, too,
 * but are healthy.
 */
final class FaultLocalizer {
  private static final class Count {
    private final String node;
    private int measured;
    private int failing;

    Count(String node) {
      this.node = node;
    }

    boolean most() {
      return failing >= 2 && 2 * failing > measured;
    }

    int compareShare(Count other) {
      return Long.compare((long) failing * other.measured, (long) other.failing * measured);
    }
  }

  private FaultLocalizer() {}

  /** Returns the nodes to blame, sorted. Equally bad ones are blamed together. */
  static Set<String> of(Collection<NodePair> measured, Predicate<NodePair> failing) {
    Set<String> blamed = new TreeSet<>();
    List<NodePair> left = new ArrayList<>(measured);
    while (true) {
      List<Count> candidates = counts(left, failing).values().stream().filter(Count::most).toList();
      if (candidates.isEmpty()) {
        return blamed;
      }
      Count worst = candidates.stream().max(Count::compareShare).orElseThrow();
      candidates.stream()
          .filter(count -> count.compareShare(worst) == 0)
          .forEach(count -> blamed.add(count.node));
      left.removeIf(pair -> blamed.contains(pair.a()) || blamed.contains(pair.b()));
    }
  }

  private static Map<String, Count> counts(List<NodePair> pairs, Predicate<NodePair> failing) {
    Map<String, Count> counts = new HashMap<>();
    for (NodePair pair : pairs) {
      boolean fails = failing.test(pair);
      for (String node : List.of(pair.a(), pair.b())) {
        Count count = counts.computeIfAbsent(node, Count::new);
        count.measured++;
        if (fails) {
          count.failing++;
        }
      }
    }
    return counts;
  }
}
