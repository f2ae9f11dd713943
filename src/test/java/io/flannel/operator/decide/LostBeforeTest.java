package io.flannel.operator.decide;

import static io.flannel.operator.decide.TunnelLab.name;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.PreflightLosses.Pair;
import io.flannel.operator.overlay.Cidr;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LostBeforeTest {
  private static final Pair PAIR = new Pair(name(0), name(1));

  private final TunnelLab lab = new TunnelLab(3);

  @Test
  void whereAllPassesNothingIs() {
    assertThat(lostFor(LostBefore.LONG).all()).isEmpty();
    assertThat(lostFor(LostBefore.LONG).fullSize()).isEmpty();
  }

  @Test
  void aPairMustHaveBeenSoForLong() {
    lab.blocked(PAIR.a(), PAIR.b());
    assertThat(lostFor(LostBefore.LONG.minusSeconds(1)).all()).isEmpty();
    assertThat(lostFor(LostBefore.LONG).all()).containsExactly(PAIR);
    assertThat(lostFor(LostBefore.LONG).fullSize()).isEmpty();
  }

  @Test
  void fullSizePacketsAreApart() {
    lab.narrow(PAIR.a(), PAIR.b());
    assertThat(lostFor(LostBefore.LONG).fullSize()).containsExactly(PAIR);
    assertThat(lostFor(LostBefore.LONG).all()).isEmpty();
  }

  /** Its tunnels may well carry packets. */
  @Test
  void ofASilentAgentsNodeNothingIsKnownToBeLost() {
    lab.agentKilled(name(0));
    assertThat(lostFor(LostBefore.LONG).all()).isEmpty();
  }

  @Test
  void whatOneEndAloneSaysIsNotEnough() {
    lab.lies(PAIR.a(), PAIR.b(), PathState.TUNNEL_LOST);
    assertThat(lostFor(LostBefore.LONG).all()).isEmpty();
  }

  private LostBefore lostFor(Duration held) {
    return LostBefore.of(Cidr.Family.IPV4, lab.leases(), lab.since(held).reports());
  }
}
