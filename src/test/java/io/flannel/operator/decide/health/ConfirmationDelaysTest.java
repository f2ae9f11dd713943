package io.flannel.operator.decide.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.flannel.DesiredNetwork.Health;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How long evidence is waited for, by the interval of the probes. */
class ConfirmationDelaysTest {
  private static final ConfirmationDelays USUAL = delays(2, 3);

  @Test
  void theOthersHaveNoticedAfterAnIntervalOrTheNodesOwnChecks() {
    assertThat(USUAL.forTheOthers()).isEqualTo(Duration.ofMillis(2500));
    assertThat(delays(1, 3).forTheOthers()).isEqualTo(Duration.ofMillis(2500));
    assertThat(delays(10, 3).forTheOthers()).isEqualTo(Duration.ofMillis(10_500));
    assertThat(USUAL.afterTheLastQuestion()).isEqualTo(Duration.ofMillis(1500));
    assertThat(USUAL.forTheOtherEnd()).isEqualTo(Duration.ofMillis(5000));
  }

  @Test
  void aLossIsADeadPathAfterAsManyProbesAsAreConfigured() {
    assertThat(USUAL.forTheRestOfALoss()).isEqualTo(Duration.ofSeconds(4));
    assertThat(USUAL.forProbesToPass()).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void whatRestartsGetsAMinute() {
    assertThat(USUAL.forAgentsToStart()).isEqualTo(Duration.ofMinutes(1));
    assertThat(USUAL.forNodesToBoot()).isEqualTo(Duration.ofMinutes(1));
    assertThat(USUAL.forTheControlPlane()).isEqualTo(Duration.ofMinutes(1));
  }

  private static ConfirmationDelays delays(int seconds, int failAfter) {
    return new ConfirmationDelays(new Health(true, Duration.ofSeconds(seconds), failAfter, 8473));
  }
}
