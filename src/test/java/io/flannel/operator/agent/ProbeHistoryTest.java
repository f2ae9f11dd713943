package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Compares ProbeHistory's bits with lists. */
class ProbeHistoryTest {
  private enum Fate {
    NOT_SENT,
    LOST,
    ANSWERED
  }

  @Property(tries = 2000)
  void aProbeIsLostOnceALaterOneIsAnswered(@ForAll @Size(Long.SIZE) List<Fate> oldestFirst) {
    List<Long> lost = new ArrayList<>();
    List<Long> beginnings = new ArrayList<>();
    int settled = 0;
    boolean inRow = false;
    for (int i = 0; i <= oldestFirst.lastIndexOf(Fate.ANSWERED); i++) {
      Fate fate = oldestFirst.get(i);
      if (fate == Fate.NOT_SENT) {
        continue;
      }
      settled++;
      if (fate == Fate.LOST) {
        lost.add((long) Long.SIZE - 1 - i);
        if (!inRow) {
          beginnings.add((long) Long.SIZE - 1 - i);
        }
      }
      inRow = fate == Fate.LOST;
    }
    ProbeHistory history = history(oldestFirst);
    assertThat(Long.bitCount(history.settled())).isEqualTo(settled);
    assertThat(ages(history.lost())).containsExactlyInAnyOrderElementsOf(lost);
    assertThat(ages(history.beginningsOfLoss())).containsExactlyInAnyOrderElementsOf(beginnings);
  }

  @Property
  void anAnswerCountsWheneverItComes(@ForAll @Size(Long.SIZE) List<Fate> oldestFirst) {
    ProbeHistory history = history(oldestFirst);
    for (long age = 0; age < Long.SIZE; age++) {
      history = history.withAnswered(age);
    }
    assertThat(history.answered()).isEqualTo(history.sent());
    assertThat(history.lost()).isZero();
  }

  @Test
  void aRoundMovesAllOfItsSlotsAndTheOldestIsForgotten() {
    ProbeHistory history =
        ProbeHistory.EMPTY.withSent(7).nextRound().withSent(7).withSent(3).withAnswered(3);
    assertThat(ages(history.sent())).containsExactlyInAnyOrder(15L, 7L, 3L);
    assertThat(ages(history.lost())).containsExactlyInAnyOrder(15L, 7L);
    for (int i = 2; i < ProbeHistory.ROUNDS; i++) {
      history = history.nextRound();
    }
    assertThat(ages(history.sent())).containsExactlyInAnyOrder(63L, 55L, 51L);
    assertThat(ages(history.nextRound().sent())).containsExactlyInAnyOrder(63L, 59L);
  }

  private static ProbeHistory history(List<Fate> oldestFirst) {
    ProbeHistory history = ProbeHistory.EMPTY;
    for (int i = 0; i < oldestFirst.size(); i++) {
      long age = Long.SIZE - 1 - i;
      history =
          switch (oldestFirst.get(i)) {
            // An answer to a probe that was not sent, or is forgotten, is ignored.
            case NOT_SENT -> history.withAnswered(age).withAnswered(age + Long.SIZE);
            case LOST -> history.withSent(age);
            case ANSWERED -> history.withSent(age).withAnswered(age);
          };
    }
    return history;
  }

  private static List<Long> ages(long bits) {
    List<Long> ages = new ArrayList<>();
    for (long age = 0; age < Long.SIZE; age++) {
      if ((bits >>> age & 1) != 0) {
        ages.add(age);
      }
    }
    return ages;
  }
}
