package io.flannel.operator.decide.health;

import io.flannel.operator.decide.health.AgentReport.Awaited;
import io.flannel.operator.decide.health.AgentReport.Nonsense;
import io.flannel.operator.decide.health.AgentReport.Received;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * For how long each node's reports have been impossible. One alone may pass with the next; but an
 * agent that writes possible ones in between, as fast as it likes, is no better than one that does
 * not, and what is said of its node must not go back and forth with them. So once impossible
 * reports have come for {@link #STANDS_AFTER}, the node is believed again when none has come for
 * {@link #BELIEVED_AFTER}.
 *
 * <p>It remembers from one reconciliation to the next, and may be asked from several threads. After
 * a restart of the operator it counts again; meanwhile what the status says stands.
 */
public final class InvalidReports {
  /** So long they must come, at least, for the node's report to be called invalid. */
  static final Duration STANDS_AFTER = Duration.ofSeconds(5);

  /** So long none may come for the node's reports to count again. */
  static final Duration BELIEVED_AFTER = Duration.ofSeconds(10);

  /** The words stay the same for so long, whatever else is impossible in later reports. */
  private static final Duration SAME_WORDS = Duration.ofMinutes(1);

  /**
   * @param began when the first was seen
   * @param last when the last was seen
   * @param isThere whether no possible one was seen since
   * @param why what is told of them
   * @param said when that was seen
   */
  private record Spell(Instant began, Instant last, boolean isThere, String why, Instant said) {
    static Spell begin(Nonsense report, Instant now) {
      return new Spell(now, now, true, report.why(), now);
    }

    boolean stands() {
      return Duration.between(began, last).compareTo(STANDS_AFTER) >= 0;
    }

    boolean isOver(Instant now) {
      return !isThere && !left(now).isPositive();
    }

    Duration left(Instant now) {
      return Duration.between(now, last.plus(BELIEVED_AFTER));
    }

    Spell goesOn(Nonsense report, Instant now) {
      boolean same = now.isBefore(said.plus(SAME_WORDS));
      return new Spell(began, now, true, same ? why : report.why(), same ? said : now);
    }

    /** The one that was there is followed by a possible one. */
    Spell interrupted(Instant now) {
      return new Spell(began, isThere && stands() ? now : last, false, why, said);
    }
  }

  private final Map<String, Spell> spells = new HashMap<>();

  /**
   * What to make of reports.
   *
   * @param reports as they are read now, by node
   * @return the same, but where a node's are or were impossible
   */
  public synchronized Map<String, AgentReport> judge(
      Map<String, AgentReport> reports, Instant now) {
    spells.keySet().retainAll(reports.keySet());
    Map<String, AgentReport> judged = new HashMap<>(reports);
    judged.replaceAll((node, report) -> judge(node, report, now));
    return judged;
  }

  private AgentReport judge(String node, AgentReport report, Instant now) {
    Spell before = spells.get(node);
    if (before != null && before.isOver(now)) {
      spells.remove(node);
      before = null;
    }
    return switch (report) {
      case Nonsense nonsense -> {
        Spell spell = before == null ? Spell.begin(nonsense, now) : before.goesOn(nonsense, now);
        spells.put(node, spell);
        yield new Nonsense(spell.why(), Duration.between(spell.began(), now), Optional.empty());
      }
      case Received received -> before == null ? received : inBetween(node, before, received, now);
      case Awaited awaited -> {
        spells.remove(node);
        yield awaited;
      }
    };
  }

  private AgentReport inBetween(String node, Spell before, Received received, Instant now) {
    Spell spell = before.interrupted(now);
    spells.put(node, spell);
    return spell.stands()
        ? new Nonsense(
            spell.why(), Duration.between(spell.began(), now), Optional.of(spell.left(now)))
        : received;
  }
}
