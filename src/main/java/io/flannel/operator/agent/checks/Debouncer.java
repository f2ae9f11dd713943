package io.flannel.operator.agent.checks;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What counts of what was seen. flannel itself takes things away for a moment when it restarts or
 * changes a route: a fault counts once each look saw it for a while, two looks at least, and goes
 * the same way.
 */
final class Debouncer {
  private final long patience;
  private final Map<Finding.Key, Finding> counting = new HashMap<>();

  /** Since when looks contradict what counts, in nanoseconds. */
  private final Map<Finding.Key, Long> contradictedSince = new HashMap<>();

  /**
   * Begins with nothing that counts.
   *
   * @param patience for how long looks must agree
   */
  Debouncer(Duration patience) {
    this.patience = patience.toNanos();
  }

  /**
   * Takes a look down.
   *
   * @param nanos of a clock that never goes back
   * @param seen each key once
   * @param mayBegin whether a sighting that does not count yet may begin to
   * @return what counts now, with the latest message, in {@link Finding#ORDER}
   */
  List<Finding> look(long nanos, List<Finding> seen, Predicate<Finding> mayBegin) {
    Map<Finding.Key, Finding> now = new HashMap<>();
    seen.forEach(sighting -> now.put(sighting.key(), sighting));

    Set<Finding.Key> contradicted = new HashSet<>();
    for (Finding sighting : seen) {
      if (!counting.containsKey(sighting.key()) && mayBegin.test(sighting)) {
        contradicted.add(sighting.key());
      }
    }
    for (Finding.Key key : counting.keySet()) {
      if (!now.containsKey(key)) {
        contradicted.add(key);
      }
    }
    contradictedSince.keySet().retainAll(contradicted);
    for (Finding.Key key : contradicted) {
      Long since = contradictedSince.putIfAbsent(key, nanos);
      if (since != null && nanos - since >= patience) {
        contradictedSince.remove(key);
        if (counting.remove(key) == null) {
          counting.put(key, now.get(key));
        }
      }
    }
    counting.replaceAll((key, sighting) -> now.getOrDefault(key, sighting));
    return counting.values().stream().sorted(Finding.ORDER).toList();
  }
}
