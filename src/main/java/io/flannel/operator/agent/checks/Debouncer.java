package io.flannel.operator.agent.checks;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Filters out transient faults: flannel itself removes things for a moment when it restarts or
 * changes a route. A fault counts once every poll has seen it for a while, two polls at least, and
 * stops counting in the same way.
 */
final class Debouncer {
  private final long patience;
  private final Map<Finding.Key, Finding> counting = new HashMap<>();

  /** When polls began to contradict what counts, in nanoseconds. */
  private final Map<Finding.Key, Long> contradictedSince = new HashMap<>();

  /**
   * @param patience how long polls must agree
   */
  Debouncer(Duration patience) {
    this.patience = patience.toNanos();
  }

  /**
   * Records a poll.
   *
   * @param nanos of a monotonic clock
   * @param seen the faults that the poll saw, each key once
   * @param mayBegin whether a fault that does not count yet may begin to
   * @return the faults that count now, with their latest messages, in {@link Finding#ORDER}
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
