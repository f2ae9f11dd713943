package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.decide.LocalFault;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ExpectationsTest {
  private static final long GRACE = Duration.ofSeconds(10).toNanos();
  private static final long START = -5 * GRACE;

  private final Expected both = SimulatedNode.of(BackendType.IPIP).expected();
  private final Expected.Peer first = both.peers().get(0);
  private final Expected.Peer second = both.peers().get(1);
  private final Expected firstAlone = both.withPeers(both.peers().subList(0, 1));
  private final Expectations expectations = new Expectations(Duration.ofNanos(GRACE));

  @Test
  void anAgentThatStartsTellsAtOnceWhatIsWrong() {
    expectations.expect(START, both);
    assertThat(settled(START, missing(first))).isTrue();
    assertThat(settled(START, Sighting.ofNode(LocalFault.DEVICE_DOWN, ""))).isTrue();
    assertThat(settled(START, Sighting.ofNode(LocalFault.ROUTE_STALE, ""))).isTrue();
  }

  @Test
  void aPeerThatJoinsHasItsGrace() {
    expectations.expect(START, firstAlone);
    expectations.expect(START + 1, both);
    assertThat(settled(START + GRACE, missing(second))).isFalse();
    assertThat(settled(START + 1 + GRACE, missing(second))).isTrue();
    assertThat(settled(START + 1, missing(first))).isTrue();
    assertThat(settled(START + 1, Sighting.ofNode(LocalFault.DEVICE_DOWN, ""))).isTrue();
  }

  @Test
  void thePeersThatLeaveGiveGraceToTheirRoutes() {
    expectations.expect(START, both);
    expectations.expect(START + 1, firstAlone);
    expectations.expect(START + 2, firstAlone);
    assertThat(settled(START + GRACE, Sighting.ofNode(LocalFault.ROUTE_STALE, ""))).isFalse();
    assertThat(settled(START + 1 + GRACE, Sighting.ofNode(LocalFault.ROUTE_STALE, ""))).isTrue();
    assertThat(settled(START + 2, missing(first))).isTrue();
  }

  @Test
  void anotherBackendGivesGraceToAll() {
    expectations.expect(START, SimulatedNode.of(BackendType.HOST_GW).expected());
    expectations.expect(START + 1, both);
    assertThat(settled(START + GRACE, missing(first))).isFalse();
    assertThat(settled(START + GRACE, Sighting.ofNode(LocalFault.DEVICE_MISSING, ""))).isFalse();
    assertThat(settled(START + 1 + GRACE, missing(first))).isTrue();
  }

  private boolean settled(long nanos, Sighting sighting) {
    return expectations.isSettled(nanos, sighting);
  }

  private static Sighting missing(Expected.Peer peer) {
    return Sighting.ofPeer(LocalFault.ROUTE_MISSING, peer, "");
  }
}
