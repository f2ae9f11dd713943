package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.problem.NodeFault;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class DebouncerTest {
  private static final long PATIENCE = Duration.ofMillis(1400).toNanos();
  private static final Finding DOWN = Finding.ofNode(NodeFault.DEVICE_DOWN, "down");

  @Test
  void aFlickerBetweenTwoLooksIsNotSeenAsOneFault() {
    var steady = new Debouncer(Duration.ofNanos(PATIENCE));
    for (int i = 0; i < 10; i++) {
      assertThat(steady.look(i * PATIENCE, i % 2 == 0 ? List.of(DOWN) : List.of(), _ -> true))
          .isEmpty();
    }
  }

  @Test
  void theLatestMessageIsTold() {
    var steady = new Debouncer(Duration.ofNanos(PATIENCE));
    steady.look(0, List.of(DOWN), _ -> true);
    steady.look(PATIENCE, List.of(DOWN), _ -> true);
    var later = Finding.ofNode(NodeFault.DEVICE_DOWN, "still down");
    assertThat(steady.look(PATIENCE + 1, List.of(later), _ -> true)).containsExactly(later);
  }

  @Test
  void whatMayNotBeginYetDoesNotButWhatCountsGoesOnCounting() {
    var steady = new Debouncer(Duration.ofNanos(PATIENCE));
    steady.look(0, List.of(DOWN), _ -> false);
    assertThat(steady.look(9 * PATIENCE, List.of(DOWN), _ -> false)).isEmpty();
    steady.look(10 * PATIENCE, List.of(DOWN), _ -> true);
    assertThat(steady.look(11 * PATIENCE, List.of(DOWN), _ -> true)).containsExactly(DOWN);
    assertThat(steady.look(12 * PATIENCE, List.of(DOWN), _ -> false)).containsExactly(DOWN);
  }
}
