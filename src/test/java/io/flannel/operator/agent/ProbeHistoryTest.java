package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Bits against a list. */
class ProbeHistoryTest {
  @Property(tries = 2000)
  void itRemembersTheLastProbesUpToTheLastAnswer(
      @ForAll @Size(max = 100) List<Boolean> answered,
      @ForAll @IntRange(min = 1, max = ProbeHistory.MAX) int window) {
    ProbeHistory history = ProbeHistory.EMPTY;
    for (boolean one : answered) {
      history = history.with(one, window);
    }
    List<Boolean> last =
        new ArrayList<>(answered.subList(Math.max(0, answered.size() - window), answered.size()));
    while (!last.isEmpty() && !last.getLast()) {
      last.removeLast();
    }
    assertThat(history.settled()).isEqualTo(last.size());
    assertThat(Long.bitCount(history.settledLosses()))
        .isEqualTo(Collections.frequency(last, false));
  }
}
