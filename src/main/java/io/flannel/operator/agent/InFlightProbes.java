package io.flannel.operator.agent;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Probes that may still be answered: those before their deadline and, for some time, those past it.
 * Times are {@link System#nanoTime} values.
 *
 * @param <P> the type of a peer
 */
final class InFlightProbes<P> {
  /**
   * A probe that was sent.
   *
   * @param number its number among the peer's probes
   * @param length of its payload, in bytes
   * @param at when it was sent
   * @param deadline when it counts as lost
   * @param latest until when a late answer still counts
   */
  record Sent<P>(
      P peer, ProbePath path, long number, int length, long at, long deadline, long latest) {}

  /**
   * A probe that was answered.
   *
   * @param late whether it already counted as lost
   */
  record Answered<P>(Sent<P> sent, boolean late) {}

  /** Probes before their deadline by nonce, oldest first. */
  private final Map<Long, Sent<P>> inTime = new LinkedHashMap<>();

  /** Probes past their deadline, likewise. */
  private final Map<Long, Sent<P>> overdue = new LinkedHashMap<>();

  void add(long nonce, Sent<P> sent) {
    inTime.put(nonce, sent);
  }

  /** Removes and returns the probe with this nonce if it passes the test. */
  Optional<Answered<P>> take(long nonce, Predicate<Sent<P>> wanted) {
    boolean late = !inTime.containsKey(nonce);
    Map<Long, Sent<P>> all = late ? overdue : inTime;
    Optional<Sent<P>> sent = Optional.ofNullable(all.get(nonce)).filter(wanted);
    sent.ifPresent(it -> all.remove(nonce));
    return sent.map(it -> new Answered<>(it, late));
  }

  /**
   * Passes probes whose deadline is over to {@code lost}, and forgets those whose answer would no
   * longer count.
   */
  void expire(long now, Consumer<Sent<P>> lost) {
    Iterator<Map.Entry<Long, Sent<P>>> oldestFirst = inTime.entrySet().iterator();
    while (oldestFirst.hasNext()) {
      Map.Entry<Long, Sent<P>> entry = oldestFirst.next();
      Sent<P> sent = entry.getValue();
      if (sent.deadline() - now > 0) {
        break;
      }
      oldestFirst.remove();
      overdue.put(entry.getKey(), sent);
      lost.accept(sent);
    }
    Iterator<Sent<P>> longOverdue = overdue.values().iterator();
    while (longOverdue.hasNext() && longOverdue.next().latest() - now <= 0) {
      longOverdue.remove();
    }
  }

  /** Time until the next deadline; a day if there is none. */
  long nanosToWait(long now) {
    return inTime.isEmpty()
        ? 86_400_000_000_000L
        : inTime.values().iterator().next().deadline() - now;
  }

  /** Forgets probes to peers that fail the test. */
  void keepOnly(Predicate<P> wanted) {
    inTime.values().removeIf(sent -> !wanted.test(sent.peer()));
    overdue.values().removeIf(sent -> !wanted.test(sent.peer()));
  }
}
