package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Compares PathState with its specification: only enough equal results in a row decide. */
class PathStateTest {
  @Property
  void theLastRunThatWasLongEnoughDecides(
      @ForAll @Size(max = 60) List<Boolean> results,
      @ForAll @IntRange(min = 1, max = 5) int needed) {
    PathState state = PathState.UNKNOWN;
    for (boolean answered : results) {
      state = state.after(answered, needed);
    }
    Optional<Boolean> expected = Optional.empty();
    for (int end = needed; end <= results.size(); end++) {
      List<Boolean> run = results.subList(end - needed, end);
      if (run.stream().distinct().count() == 1) {
        expected = Optional.of(run.getFirst());
      }
    }
    assertThat(state.passes()).isEqualTo(expected);
  }

  @Property
  void anAnswerBesideThemInterruptsLossesButDecidesNothing(
      @ForAll @Size(max = 20) List<Boolean> results,
      @ForAll @IntRange(min = 2, max = 5) int needed) {
    PathState state = PathState.UNKNOWN;
    for (boolean answered : results) {
      state = state.after(answered, needed);
    }
    PathState interrupted = state.interrupted();
    assertThat(interrupted.passes()).isEqualTo(state.passes());
    for (int i = 1; i < needed; i++) {
      interrupted = interrupted.after(false, needed);
      assertThat(interrupted.passes()).isEqualTo(state.passes());
    }
    assertThat(interrupted.after(false, needed).passes()).contains(false);
  }
}
