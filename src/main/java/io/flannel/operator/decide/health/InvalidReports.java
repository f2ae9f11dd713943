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
 * Tracks how long each node's reports have been impossible. A single impossible report may be
 * followed by a good one. But an agent that writes possible reports in between, however fast, is no
 * better than one that does not, and its node's state must not flap with them. So once impossible
 * reports have come for {@link #STANDS_AFTER}, the node is believed again only when none has come
 * for {@link #BELIEVED_AFTER}.
 *
 * <p>It keeps state between reconciliations and is thread-safe. After a restart of the operator it
 * starts from zero; meanwhile what the status says stands.
 */
public final class InvalidReports {
  /** How long impossible reports must have come for the node's report to be called invalid. */
  static final Duration STANDS_AFTER = Duration.ofSeconds(5);

  /** How long no impossible report must have come for the node's reports to count again. */
  static final Duration BELIEVED_AFTER = Duration.ofSeconds(10);

  /** How long the message stays the same, whatever else is impossible in later reports. */
  private static final Duration SAME_WORDS = Duration.ofMinutes(1);

  /**
   * A time during which a node's reports are impossible.
   *
   * @param began when the first impossible report was seen
   * @param last when the last one was seen
   * @param isThere whether no possible report was seen since
   * @param why what the message says of them
   * @param said when {@code why} was seen
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

    /** Continues with a possible report, which may follow an impossible one. */
    Spell interrupted(Instant now) {
      return new Spell(began, isThere && stands() ? now : last, false, why, said);
    }
  }

  private final Map<String, Spell> spells = new HashMap<>();

  /**
   * Judges reports.
   *
   * @param reports the reports as read now, by node
   * @return the same, except for nodes whose reports are or were impossible
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
