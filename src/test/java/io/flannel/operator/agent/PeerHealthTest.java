package io.flannel.operator.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.agent.PeerHealth.Verdict;
import java.net.InetAddress;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** A peer's verdict after rounds of probes. */
class PeerHealthTest {
  private static final InetAddress ADDRESS = InetAddress.ofLiteral("192.0.2.2");
  private static final int FAIL_AFTER = 3;
  private static final Set<ProbePath> NONE = EnumSet.noneOf(ProbePath.class);
  private static final Set<ProbePath> ALL = EnumSet.allOf(ProbePath.class);
  private static final Set<ProbePath> SMALL = EnumSet.complementOf(EnumSet.of(ProbePath.FULL_SIZE));
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  private final PeerHealth peer = peer();
  private Instant now = BEGIN;

  private static PeerHealth peer() {
    PeerHealth peer = new PeerHealth("node-2", ADDRESS);
    peer.keepOnly(ALL);
    return peer;
  }

  @Test
  void nothingIsSaidBeforeItIsDecided() {
    rounds(2, NONE);
    var report = peer.report();

    assertThat(report.overlay()).isNull();
    assertThat(report.fullSize()).isNull();
    assertThat(report.underlay()).isNull();
    assertThat(report.alive()).isNull();
    assertThat(report.since()).isNull();
    assertThat(new PeerHealth("node-3", ADDRESS).report().lossy()).isNull();
  }

  @Test
  void allAnsweredIsHealthy() {
    rounds(3, NONE);
    var report = peer.report();

    assertThat(report.address()).isEqualTo("192.0.2.2");
    assertThat(report.overlay()).isTrue();
    assertThat(report.fullSize()).isTrue();
    assertThat(report.underlay()).isTrue();
    assertThat(report.lossy()).isFalse();
    assertThat(report.lossPercent()).isZero();
    assertThat(report.rttP50Micros()).isEqualTo(200);
    assertThat(report.since()).isEqualTo("2026-01-01T00:00:04Z");
  }

  @Test
  void blackHoleTakesMoreWhereSmallPacketsGetLostToo() {
    rounds(10, NONE);
    round(EnumSet.of(ProbePath.OVERLAY));
    rounds(5, EnumSet.of(ProbePath.FULL_SIZE));
    assertThat(peer.verdict().fullSize()).contains(true);
    rounds(1, EnumSet.of(ProbePath.FULL_SIZE));
    assertThat(peer.verdict().fullSize()).contains(false);
  }

  @Test
  void aBlackHoleIsNoLoss() {
    rounds(10, NONE);
    rounds(20, EnumSet.of(ProbePath.FULL_SIZE));

    assertThat(peer.verdict()).isEqualTo(verdict(true, false, true, null, false));
    assertThat(peer.report().lossPercent()).isZero();
  }

  @Test
  void pathOnItsWayDownIsNotLossyBefore() {
    rounds(10, NONE);
    for (int i = 0; i < 10; i++) {
      round(ALL);
      assertThat(peer.verdict().lossy()).isFalse();
    }
    assertThat(peer.verdict()).isEqualTo(verdict(false, false, false, null, false));
    for (int i = 0; i < 10; i++) {
      round(NONE);
      assertThat(peer.verdict().lossy()).isFalse();
    }
    assertThat(peer.verdict()).isEqualTo(verdict(true, true, true, null, false));
  }

  @Test
  void probesBetweenRoundsTellLossSooner() {
    rounds(10, NONE);
    round(EnumSet.of(ProbePath.OVERLAY));
    assertThat(peer.isLosing()).isTrue();
    between(peer, NONE, now);
    between(peer, EnumSet.of(ProbePath.UNDERLAY), now);
    between(peer, NONE, now);
    between(peer, EnumSet.of(ProbePath.OVERLAY), now);
    assertThat(peer.verdict().lossy()).isFalse();
    between(peer, NONE, now);
    assertThat(peer.verdict().lossy()).isTrue();

    for (int i = 0; i < 4; i++) {
      assertThat(peer.verdict().lossy()).isTrue();
      round(NONE);
      for (int j = 1; j < ProbeHistory.PER_ROUND; j++) {
        between(peer, NONE, now);
      }
    }
    assertThat(peer.verdict()).isEqualTo(verdict(true, true, true, null, false));
    rounds(8, NONE);
    assertThat(peer.isLosing()).isFalse();
  }

  @Test
  void probesBetweenRoundsNeitherBringAPathDownNorUp() {
    rounds(10, NONE);
    round(SMALL);
    for (int i = 1; i < ProbeHistory.PER_ROUND; i++) {
      between(peer, SMALL, now);
    }
    assertThat(peer.nextBetween()).isEmpty();
    assertThat(peer.verdict()).isEqualTo(verdict(true, true, true, null, false));

    rounds(2, SMALL);
    assertThat(peer.verdict().overlay()).contains(false);
    for (int i = 1; i < ProbeHistory.PER_ROUND; i++) {
      between(peer, NONE, now);
    }
    assertThat(peer.verdict().overlay()).contains(false);
  }

  @Test
  void aPathThatAnswersBetweenLossesIsNotDown() {
    rounds(10, NONE);
    for (int i = 0; i < 10; i++) {
      round(EnumSet.of(ProbePath.OVERLAY));
      between(peer, NONE, now);
      assertThat(peer.verdict().overlay()).contains(true);
    }
    assertThat(peer.verdict().lossy()).isTrue();
  }

  @Test
  void probeThatIsAnsweredLateWasNotLost() {
    rounds(10, NONE);
    for (int i = 0; i < 20; i++) {
      long late = peer.nextRound();
      ALL.forEach(path -> peer.sent(path, late));
      ALL.forEach(path -> peer.lost(path, late, FAIL_AFTER, now));
      ALL.forEach(path -> peer.answered(path, late, true, 1_500_000, FAIL_AFTER, now));
      between(peer, NONE, now);
      assertThat(peer.verdict()).isEqualTo(verdict(true, true, true, null, false));
    }
    assertThat(peer.report().lossPercent()).isZero();
    assertThat(peer.isLosing()).isFalse();
  }

  @Test
  void aPathThatAnswersLateIsSlowNotDown() {
    rounds(10, NONE);
    long first = peer.nextRound();
    ALL.forEach(path -> peer.sent(path, first));
    ALL.forEach(path -> peer.lost(path, first, FAIL_AFTER, now));
    rounds(2, ALL);
    assertThat(peer.verdict().overlay()).contains(false);
    ALL.forEach(path -> peer.answered(path, first, true, 5_500_000, FAIL_AFTER, now));
    assertThat(peer.verdict()).isEqualTo(verdict(true, true, true, null, false));
  }

  /**
   * Wherever the probes fall in time: losing all of them between two moments is an outage, not
   * packet loss.
   */
  @Property
  void anOutageIsNotLossy(
      @ForAll @IntRange(max = 40) int begins, @ForAll @IntRange(max = 40) int lasts) {
    PeerHealth some = peer();
    for (int i = 0; i < 100; i++) {
      boolean out = i >= 20 + begins && i < 20 + begins + lasts;
      if (i % ProbeHistory.PER_ROUND == 0) {
        round(some, out ? ALL : NONE, BEGIN);
      } else {
        between(some, out ? ALL : NONE, BEGIN);
      }
      assertThat(some.verdict().lossy()).isFalse();
    }
  }

  @Test
  void lossesInSeveralRoundsAreLossy() {
    rounds(10, NONE);
    round(EnumSet.of(ProbePath.OVERLAY));
    rounds(1, NONE);
    round(EnumSet.of(ProbePath.FULL_SIZE, ProbePath.UNDERLAY));
    assertThat(peer.verdict().lossy()).isFalse();
    round(EnumSet.of(ProbePath.OVERLAY));
    rounds(1, NONE);
    assertThat(peer.verdict().lossy()).isTrue();

    rounds(10, NONE);
    assertThat(peer.verdict()).isEqualTo(verdict(true, true, true, null, false));
  }

  @Test
  void anAgentThatIsLateOnceIsNotLossy() {
    rounds(10, NONE);
    for (int i = 0; i < 10; i++) {
      round(i == 0 ? ALL : NONE);
      assertThat(peer.verdict().lossy()).isFalse();
    }
  }

  @Test
  void aNodeThatRefusesIsAliveAtOnceAndASilentOneIsDeadAfterAFew() {
    rounds(3, ALL);
    peer.connected(true, FAIL_AFTER, now);
    assertThat(peer.verdict().alive()).contains(true);

    peer.connected(false, FAIL_AFTER, now);
    peer.connected(false, FAIL_AFTER, now);
    assertThat(peer.verdict().alive()).contains(true);
    peer.connected(false, FAIL_AFTER, now);
    assertThat(peer.verdict().alive()).contains(false);

    rounds(3, NONE);
    assertThat(peer.verdict().alive()).isEmpty();
  }

  @Test
  void anAgentThatComesBackIsAliveAllTheWhile() {
    rounds(3, ALL);
    peer.connected(true, FAIL_AFTER, now);
    for (int i = 0; i < FAIL_AFTER - 1; i++) {
      rounds(1, NONE);
      assertThat(peer.verdict()).isEqualTo(verdict(false, false, false, true, false));
    }
    rounds(1, NONE);
    assertThat(peer.verdict()).isEqualTo(verdict(true, true, true, null, false));
  }

  @Test
  void pathThatIsNotProbedAnyMoreIsNotReported() {
    rounds(3, NONE);
    peer.keepOnly(EnumSet.of(ProbePath.UNDERLAY));

    assertThat(peer.verdict())
        .isEqualTo(
            new Verdict(
                Optional.empty(), Optional.empty(), Optional.of(true), Optional.empty(), false));
    assertThat(peer.report().rttP50Micros()).isNull();
  }

  @Property
  void oneLostProbeInAWindowChangesNothing(
      @ForAll ProbePath path, @ForAll @Size(min = 1, max = 20) List<Boolean> ignored) {
    PeerHealth healthy = peer();
    Instant at = BEGIN;
    for (int i = 0; i < 8; i++) {
      round(healthy, NONE, at);
    }
    Verdict before = healthy.verdict();
    round(healthy, EnumSet.of(path), at);
    assertThat(healthy.verdict()).isEqualTo(before);
    for (boolean one : ignored) {
      round(healthy, NONE, at);
      assertThat(healthy.verdict()).isEqualTo(before);
    }
  }

  @Property
  void theClockMayJumpAsItLikes(
      @ForAll("rounds") List<Set<ProbePath>> lost,
      @ForAll @Size(min = 40, max = 40) List<Integer> clock) {
    PeerHealth steady = peer();
    PeerHealth jumping = peer();
    for (int i = 0; i < lost.size(); i++) {
      round(steady, lost.get(i), BEGIN.plusSeconds(2L * i));
      round(jumping, lost.get(i), BEGIN.plusSeconds(clock.get(i)));
      assertThat(jumping.verdict()).isEqualTo(steady.verdict());
    }
  }

  @Property
  void aPathIsDownOnlyAfterLossesInARow(@ForAll("rounds") List<Set<ProbePath>> lost) {
    PeerHealth some = peer();
    for (int i = 0; i < lost.size(); i++) {
      Verdict before = some.verdict();
      round(some, lost.get(i), BEGIN);
      if (!some.verdict().overlay().equals(before.overlay())) {
        boolean down = some.verdict().overlay().equals(Optional.of(false));
        assertThat(lost.subList(i - 2, i + 1))
            .allMatch(one -> one.contains(ProbePath.OVERLAY) == down);
      }
      assertThat(some.report().lossPercent())
          .satisfiesAnyOf(
              percent -> assertThat(percent).isNull(),
              percent -> assertThat(percent).isBetween(0, 100));
    }
  }

  @Provide
  Arbitrary<List<Set<ProbePath>>> rounds() {
    // Not as sets of the enum: jqwik would first count all possible lists of them.
    return Arbitraries.bytes().map(PeerHealthTest::lostPaths).list().ofMaxSize(40);
  }

  private static Set<ProbePath> lostPaths(byte bits) {
    Set<ProbePath> lost = EnumSet.noneOf(ProbePath.class);
    for (ProbePath path : ProbePath.values()) {
      if ((bits >> path.ordinal() & 1) == 1) {
        lost.add(path);
      }
    }
    return lost;
  }

  private void rounds(int count, Set<ProbePath> lost) {
    for (int i = 0; i < count; i++) {
      round(lost);
    }
  }

  private void round(Set<ProbePath> lost) {
    round(peer, lost, now);
    now = now.plusSeconds(2);
  }

  private static void round(PeerHealth peer, Set<ProbePath> lost, Instant at) {
    long number = peer.nextRound();
    for (ProbePath path : ProbePath.values()) {
      probe(peer, path, number, lost.contains(path), at);
    }
  }

  /** Sends the small probes between this round and the next. */
  private static void between(PeerHealth peer, Set<ProbePath> lost, Instant at) {
    long number = peer.nextBetween().orElseThrow();
    for (ProbePath path : SMALL) {
      probe(peer, path, number, lost.contains(path), at);
    }
  }

  private static void probe(
      PeerHealth peer, ProbePath path, long number, boolean lost, Instant at) {
    peer.sent(path, number);
    if (lost) {
      peer.lost(path, number, FAIL_AFTER, at);
    } else {
      peer.answered(path, number, false, 200, FAIL_AFTER, at);
    }
  }

  private static Verdict verdict(
      boolean overlay, boolean fullSize, boolean underlay, Boolean alive, boolean lossy) {
    return new Verdict(
        Optional.of(overlay),
        Optional.of(fullSize),
        Optional.of(underlay),
        Optional.ofNullable(alive),
        lossy);
  }
}
