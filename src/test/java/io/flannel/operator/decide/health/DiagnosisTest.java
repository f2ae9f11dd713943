package io.flannel.operator.decide.health;

import static io.flannel.operator.decide.health.TunnelScenario.A;
import static io.flannel.operator.decide.health.TunnelScenario.B;
import static io.flannel.operator.decide.health.TunnelScenario.C;
import static io.flannel.operator.decide.problem.TunnelProblem.ENCAPSULATION_BLOCKED;
import static io.flannel.operator.decide.problem.TunnelProblem.NOT_REPORTED;
import static io.flannel.operator.decide.problem.TunnelProblem.PACKET_LOSS;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.PreviousStatus;
import io.flannel.operator.decide.health.TunnelIssue.At;
import io.flannel.operator.flannel.DesiredNetwork.Health;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How causes are collected, and how long evidence is waited for. */
class DiagnosisTest {
  private final TunnelScenario lab = new TunnelScenario(3);
  private final Diagnosis diagnosis =
      new Diagnosis(
          TunnelEvidence.of(lab.leases(), lab.reports()),
          PreviousStatus.NOTHING,
          new ConfirmationDelays(new Health(true, Duration.ofSeconds(2), 3, 8473)));

  @Test
  void aCauseIsNamedOnceItsEvidenceIsOldEnough() {
    diagnosis.tellAt(A, PACKET_LOSS, "", seconds(4), seconds(5));
    assertThat(diagnosis.causeOf(A)).isEmpty();
    assertThat(diagnosis.isUndecided(A)).isTrue();
    assertThat(diagnosis.undecided()).containsExactly(A);
    assertThat(diagnosis.lookAgain()).contains(seconds(1));

    diagnosis.tellAt(B, PACKET_LOSS, "", seconds(5), seconds(5));
    assertThat(diagnosis.causeOf(B)).contains(PACKET_LOSS);
    assertThat(diagnosis.isUndecided(B)).isFalse();
    assertThat(diagnosis.isTold(B, PACKET_LOSS)).isTrue();
    assertThat(diagnosis.isTold(A, PACKET_LOSS)).isFalse();
    assertThat(diagnosis.isTold(B, NOT_REPORTED)).isFalse();
  }

  @Test
  void theNextLookIsTheFirstThatIsAskedFor() {
    diagnosis.lookAgainAfter(seconds(5));
    diagnosis.lookAgainAfter(seconds(3));
    diagnosis.lookAgainAfter(seconds(4));
    assertThat(diagnosis.lookAgain()).contains(seconds(3));
  }

  @Test
  void aFaultEchoesUntilEnoughProbesHavePassed() {
    assertThat(diagnosis.stillEchoes(seconds(10))).isFalse();
    assertThat(diagnosis.lookAgain()).isEmpty();
    assertThat(diagnosis.stillEchoes(seconds(9))).isTrue();
    assertThat(diagnosis.lookAgain()).contains(seconds(1));
  }

  @Test
  void theFirstCauseOfANodeStays() {
    diagnosis.tellAt(A, PACKET_LOSS, "");
    diagnosis.tellAt(A, ENCAPSULATION_BLOCKED, "");
    diagnosis.note(A, NOT_REPORTED);
    assertThat(diagnosis.causeOf(A)).contains(PACKET_LOSS);
    diagnosis.note(C, NOT_REPORTED);
    assertThat(diagnosis.causeOf(C)).contains(NOT_REPORTED);
    assertThat(diagnosis.troubles())
        .as("what is only noted is no problem yet")
        .extracting(TunnelIssue::cause)
        .containsExactly(PACKET_LOSS, ENCAPSULATION_BLOCKED);
  }

  @Test
  void theWordsAreThoseOfTheFirstPlace() {
    diagnosis.tellAt(B, PACKET_LOSS, "b says");
    diagnosis.tellAt(C, PACKET_LOSS, "c says");
    assertThat(diagnosis.troubles().getFirst().seen()).isEqualTo("b says");
    diagnosis.tellAt(A, PACKET_LOSS, "a says");
    diagnosis.tellAt(A, PACKET_LOSS, "");
    assertThat(diagnosis.troubles())
        .containsExactly(
            new TunnelIssue(PACKET_LOSS, List.of(At.node(A), At.node(B), At.node(C)), "a says"));
  }

  @Test
  void aPairIsLeftOpenForTheNodeThatNeedsMoreTime() {
    NodePair pair = diagnosis.open().getFirst();
    diagnosis.leaveOpenAsLongAs(
        pair, node -> Optional.of(node.equals(pair.a()) ? seconds(2) : seconds(7)));
    assertThat(diagnosis.lookAgain()).contains(seconds(7));
    assertThat(diagnosis.undecided()).containsExactlyInAnyOrder(pair.a(), pair.b());
    assertThat(diagnosis.open()).hasSize(2).doesNotContain(pair);
    assertThat(diagnosis.openOf(pair.a())).hasSize(1);

    NodePair other = diagnosis.open().getFirst();
    diagnosis.leaveOpenAsLongAs(other, node -> Optional.empty());
    assertThat(diagnosis.open()).contains(other);
  }

  @Test
  void aNodeIsDoubtedOrGoneOnlyIfThatWasSaid() {
    diagnosis.doubt(A);
    diagnosis.isGone(B);
    assertThat(diagnosis.isDoubted(A)).isTrue();
    assertThat(diagnosis.isDoubted(B)).isFalse();
    assertThat(diagnosis.gone()).containsExactly(B);
  }

  @Test
  void reachIsCountedByTheNodeOrByThoseThatAreNotGone() {
    TunnelEvidence evidence = diagnosis.evidence();
    assertThat(evidence.reach(A, false, node -> false)).contains(new TunnelVerdict.Reach(2, 2));
    assertThat(evidence.reach(A, true, node -> false)).contains(new TunnelVerdict.Reach(2, 2));
    assertThat(evidence.reach(A, true, B::equals)).contains(new TunnelVerdict.Reach(1, 1));
    assertThat(evidence.reach("stranger", false, node -> false)).isEmpty();
  }

  private static Duration seconds(int seconds) {
    return Duration.ofSeconds(seconds);
  }
}
