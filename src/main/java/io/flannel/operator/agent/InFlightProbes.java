package io.flannel.operator.agent;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The probes that an answer may come to: those whose time is not over, and for some time those
 * whose is. Time is {@link System#nanoTime}'s.
 *
 * @param <P> a peer
 */
final class InFlightProbes<P> {
  /**
   * A probe.
   *
   * @param number the peer's number of it
   * @param length of its payload
   * @param at when it was sent
   * @param deadline when it is taken for lost
   * @param latest until when its answer still counts
   */
  record Sent<P>(
      P peer, ProbePath path, long number, int length, long at, long deadline, long latest) {}

  /**
   * One to which an answer came.
   *
   * @param late whether it was taken for lost already
   */
  record Answered<P>(Sent<P> sent, boolean late) {}

  /** By nonce, the oldest first. */
  private final Map<Long, Sent<P>> inTime = new LinkedHashMap<>();

  /** Those taken for lost, likewise. */
  private final Map<Long, Sent<P>> overdue = new LinkedHashMap<>();

  void add(long nonce, Sent<P> sent) {
    inTime.put(nonce, sent);
  }

  /** Takes out the one that has this nonce and is as the test wants it. */
  Optional<Answered<P>> take(long nonce, Predicate<Sent<P>> wanted) {
    boolean late = !inTime.containsKey(nonce);
    Map<Long, Sent<P>> all = late ? overdue : inTime;
    Optional<Sent<P>> sent = Optional.ofNullable(all.get(nonce)).filter(wanted);
    sent.ifPresent(it -> all.remove(nonce));
    return sent.map(it -> new Answered<>(it, late));
  }

  /** Finds those whose time is over. */
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

  /** How long until the next one's time is over; a day if there is none. */
  long nanosToWait(long now) {
    return inTime.isEmpty()
        ? 86_400_000_000_000L
        : inTime.values().iterator().next().deadline() - now;
  }

  /** Forgets those to peers that the test does not want. */
  void keepOnly(Predicate<P> wanted) {
    inTime.values().removeIf(sent -> !wanted.test(sent.peer()));
    overdue.values().removeIf(sent -> !wanted.test(sent.peer()));
  }
}
