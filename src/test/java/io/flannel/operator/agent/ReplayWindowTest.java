package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Each number counts once, in whatever order numbers arrive and wherever they wrap. */
class ReplayWindowTest {
  private final ReplayWindow window = new ReplayWindow();

  @Property
  void whatGoesUpCountsOnceAndOnlyOnce(
      @ForAll int first, @ForAll @IntRange(min = 1, max = 60_000) int step) {
    ReplayWindow seen = new ReplayWindow();
    for (int i = 0; i < 100; i++) {
      assertThat(seen.isFresh(first + i * step)).isTrue();
      for (int j = 0; j <= i; j++) {
        assertThat(seen.isFresh(first + j * step)).as("%d at %d", j, i).isFalse();
      }
    }
  }

  @Property
  void oneThatWasOvertakenCountsAsWell(@ForAll int first, @ForAll long seed) {
    ReplayWindow seen = new ReplayWindow();
    seen.isFresh(first);
    List<Integer> numbers = new ArrayList<>();
    for (int i = 1; i <= 60; i++) {
      numbers.add(first + i);
    }
    Collections.shuffle(numbers, new Random(seed));

    assertThat(numbers).allMatch(seen::isFresh);
    assertThat(numbers).noneMatch(seen::isFresh);
  }

  @Property
  void noNumberEverCountsTwice(@ForAll List<@IntRange(min = -300, max = 300) Integer> numbers) {
    ReplayWindow seen = new ReplayWindow();
    Set<Integer> counted = new HashSet<>();
    for (int number : numbers) {
      if (seen.isFresh(number)) {
        assertThat(counted.add(number)).as("%d of %s", number, numbers).isTrue();
      }
    }
  }

  @Example
  void oneThatIsFarAheadCountsFromTheNextOn() {
    window.isFresh(1000);
    assertThat(window.isFresh(1_000_000)).isFalse();
    // That was an attacker's guess: the peer's own numbers still count.
    assertThat(window.isFresh(1001)).isTrue();

    // A peer that was away for a day.
    assertThat(window.isFresh(2_000_000)).isFalse();
    assertThat(window.isFresh(2_000_001)).isTrue();
    assertThat(window.isFresh(2_000_002)).isTrue();
    assertThat(window.isFresh(2_000_000)).isFalse();
    assertThat(window.isFresh(1002)).isFalse();
  }

  @Example
  void twoGuessesApartDontCount() {
    window.isFresh(0);
    assertThat(window.isFresh(1_000_000)).isFalse();
    assertThat(window.isFresh(900_000_000)).isFalse();
    assertThat(window.isFresh(1)).isTrue();
  }

  @Example
  void whatIsHalfTheWayRoundBehindIsOld() {
    window.isFresh(Integer.MAX_VALUE - 1);
    assertThat(window.isFresh(Integer.MIN_VALUE)).isTrue();
    assertThat(window.isFresh(Integer.MAX_VALUE)).isTrue();
    assertThat(window.isFresh(Integer.MAX_VALUE)).isFalse();
    assertThat(window.isFresh(0)).isFalse();
  }
}
