package io.flannel.operator.decide.preflight;

import static io.flannel.operator.decide.health.TunnelScenario.name;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.health.TunnelScenario;
import io.flannel.operator.decide.preflight.PreflightLosses.Pair;
import io.flannel.operator.flannel.Cidr;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LossBaselineTest {
  private static final Pair PAIR = new Pair(name(0), name(1));

  private final TunnelScenario lab = new TunnelScenario(3);

  @Test
  void baselineIsEmptyWhereAllPasses() {
    assertThat(lostFor(LossBaseline.LONG).all()).isEmpty();
    assertThat(lostFor(LossBaseline.LONG).fullSize()).isEmpty();
  }

  @Test
  void aPairMustHaveBeenSoForLong() {
    lab.blocked(PAIR.a(), PAIR.b());
    assertThat(lostFor(LossBaseline.LONG.minusSeconds(1)).all()).isEmpty();
    assertThat(lostFor(LossBaseline.LONG).all()).containsExactly(PAIR);
    assertThat(lostFor(LossBaseline.LONG).fullSize()).isEmpty();
  }

  @Test
  void fullSizePacketsAreApart() {
    lab.narrow(PAIR.a(), PAIR.b());
    assertThat(lostFor(LossBaseline.LONG).fullSize()).containsExactly(PAIR);
    assertThat(lostFor(LossBaseline.LONG).all()).isEmpty();
  }

  /** The node's tunnels may still carry packets. */
  @Test
  void silentAgentsNodeIsNotKnownToLoseAnything() {
    lab.agentKilled(name(0));
    assertThat(lostFor(LossBaseline.LONG).all()).isEmpty();
  }

  @Test
  void oneEndAloneIsNotEnough() {
    lab.lies(PAIR.a(), PAIR.b(), PathState.TUNNEL_LOST);
    assertThat(lostFor(LossBaseline.LONG).all()).isEmpty();
  }

  private LossBaseline lostFor(Duration held) {
    return LossBaseline.of(Cidr.Family.IPV4, lab.leases(), lab.since(held).reports());
  }
}
