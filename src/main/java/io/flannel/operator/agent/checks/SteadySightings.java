package io.flannel.operator.agent.checks;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What counts of what was seen. flannel itself takes things away for a moment when it starts anew
 * or changes a route: a fault counts once each look saw it for a while, two looks at least, and
 * goes the same way.
 */
final class SteadySightings {
  private final long patience;
  private final Map<Sighting.Key, Sighting> counting = new HashMap<>();

  /** Since when looks contradict what counts, in nanoseconds. */
  private final Map<Sighting.Key, Long> contradictedSince = new HashMap<>();

  /**
   * Begins with nothing that counts.
   *
   * @param patience for how long looks must agree
   */
  SteadySightings(Duration patience) {
    this.patience = patience.toNanos();
  }

  /**
   * Takes a look down.
   *
   * @param nanos of a clock that never goes back
   * @param seen each key once
   * @param mayBegin whether a sighting that does not count yet may begin to
   * @return what counts now, with the latest message, in {@link Sighting#ORDER}
   */
  List<Sighting> look(long nanos, List<Sighting> seen, Predicate<Sighting> mayBegin) {
    Map<Sighting.Key, Sighting> now = new HashMap<>();
    seen.forEach(sighting -> now.put(sighting.key(), sighting));

    Set<Sighting.Key> contradicted = new HashSet<>();
    for (Sighting sighting : seen) {
      if (!counting.containsKey(sighting.key()) && mayBegin.test(sighting)) {
        contradicted.add(sighting.key());
      }
    }
    for (Sighting.Key key : counting.keySet()) {
      if (!now.containsKey(key)) {
        contradicted.add(key);
      }
    }
    contradictedSince.keySet().retainAll(contradicted);
    for (Sighting.Key key : contradicted) {
      Long since = contradictedSince.putIfAbsent(key, nanos);
      if (since != null && nanos - since >= patience) {
        contradictedSince.remove(key);
        if (counting.remove(key) == null) {
          counting.put(key, now.get(key));
        }
      }
    }
    counting.replaceAll((key, sighting) -> now.getOrDefault(key, sighting));
    return counting.values().stream().sorted(Sighting.ORDER).toList();
  }
}
