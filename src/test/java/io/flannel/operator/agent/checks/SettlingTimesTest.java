package io.flannel.operator.agent.checks;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.BackendType;
import io.flannel.operator.decide.problem.NodeFault;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SettlingTimesTest {
  private static final long GRACE = Duration.ofSeconds(10).toNanos();
  private static final long START = -5 * GRACE;

  private final Expected both = SimulatedNode.of(BackendType.IPIP).expected();
  private final Expected.Peer first = both.peers().get(0);
  private final Expected.Peer second = both.peers().get(1);
  private final Expected firstAlone = both.withPeers(both.peers().subList(0, 1));
  private final SettlingTimes expectations = new SettlingTimes(Duration.ofNanos(GRACE));

  @Test
  void anAgentThatStartsTellsAtOnceWhatIsWrong() {
    expectations.expect(START, both);
    assertThat(settled(START, missing(first))).isTrue();
    assertThat(settled(START, Finding.ofNode(NodeFault.DEVICE_DOWN, ""))).isTrue();
    assertThat(settled(START, Finding.ofNode(NodeFault.ROUTE_STALE, ""))).isTrue();
  }

  @Test
  void aPeerThatJoinsHasItsGrace() {
    expectations.expect(START, firstAlone);
    expectations.expect(START + 1, both);
    assertThat(settled(START + GRACE, missing(second))).isFalse();
    assertThat(settled(START + 1 + GRACE, missing(second))).isTrue();
    assertThat(settled(START + 1, missing(first))).isTrue();
    assertThat(settled(START + 1, Finding.ofNode(NodeFault.DEVICE_DOWN, ""))).isTrue();
  }

  @Test
  void thePeersThatLeaveGiveGraceToTheirRoutes() {
    expectations.expect(START, both);
    expectations.expect(START + 1, firstAlone);
    expectations.expect(START + 2, firstAlone);
    assertThat(settled(START + GRACE, Finding.ofNode(NodeFault.ROUTE_STALE, ""))).isFalse();
    assertThat(settled(START + 1 + GRACE, Finding.ofNode(NodeFault.ROUTE_STALE, ""))).isTrue();
    assertThat(settled(START + 2, missing(first))).isTrue();
  }

  @Test
  void anotherBackendGivesGraceToAll() {
    expectations.expect(START, SimulatedNode.of(BackendType.HOST_GW).expected());
    expectations.expect(START + 1, both);
    assertThat(settled(START + GRACE, missing(first))).isFalse();
    assertThat(settled(START + GRACE, Finding.ofNode(NodeFault.DEVICE_MISSING, ""))).isFalse();
    assertThat(settled(START + 1 + GRACE, missing(first))).isTrue();
  }

  private boolean settled(long nanos, Finding sighting) {
    return expectations.isSettled(nanos, sighting);
  }

  private static Finding missing(Expected.Peer peer) {
    return Finding.ofPeer(NodeFault.ROUTE_MISSING, peer, "");
  }
}
