package io.flannel.operator.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption;
import io.flannel.operator.api.FlannelNetworkStatus.Adoption.Stage;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout;
import io.flannel.operator.api.FlannelNetworkStatus.Rollout.Phase;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is told of the difference between two statuses. */
class NetworkEventTest {
  private static final FlannelNetworkStatus NOTHING = rollout((Rollout) null);

  @ParameterizedTest
  @CsvSource({
    "COMPLETE, false, RolloutComplete, configuration b: as it is",
    "STALLED, true, RolloutStalled, as it is",
    "PAUSED, false, RolloutPaused, as it is",
    "ROLLING_BACK, true, RolloutFailed, as it is",
    "ROLLED_BACK, true, RolledBack, as it is"
  })
  void eachPhaseThatARolloutComesToIsTold(
      Phase phase, boolean warning, String reason, String message) {
    FlannelNetworkStatus before = rollout(rollout(Phase.PROGRESSING, "a", "b", "as it was"));
    FlannelNetworkStatus after = rollout(rollout(phase, "a", "b", "as it is"));
    assertThat(NetworkEvent.between(Optional.of(before), after))
        .containsExactly(new NetworkEvent(warning, reason, message));
    assertThat(NetworkEvent.between(Optional.of(after), after)).isEmpty();
  }

  @Test
  void aRolloutThatGoesOnIsResumedAndAfterACompleteOneItIsAnother() {
    FlannelNetworkStatus after = rollout(rollout(Phase.PROGRESSING, "a", "b", null));
    assertThat(
            NetworkEvent.between(
                Optional.of(rollout(rollout(Phase.PAUSED, "a", "b", null))), after))
        .containsExactly(new NetworkEvent(false, "RolloutResumed", ""));
    assertThat(
            NetworkEvent.between(
                Optional.of(rollout(rollout(Phase.COMPLETE, "a", "b", null))), after))
        .containsExactly(
            new NetworkEvent(false, "RolloutStarted", "configuration b replaces a on 3 nodes"));
  }

  @Test
  void aRolloutThatBeganLaterIsAnother() {
    FlannelNetworkStatus after =
        rollout(
            new Rollout(
                Phase.PROGRESSING, 1, 3, "a", "b", "2026-11-23T10:00:01Z", null, null, null));
    assertThat(
            NetworkEvent.between(
                Optional.of(rollout(rollout(Phase.PROGRESSING, "a", "b", null))), after))
        .extracting(NetworkEvent::reason)
        .containsExactly("RolloutStarted");
  }

  @Test
  void aRolloutOfTheSameConfigurationReplacesNone() {
    assertThat(
            NetworkEvent.between(
                Optional.empty(), rollout(rollout(Phase.PROGRESSING, "b", "b", null))))
        .containsExactly(
            new NetworkEvent(false, "RolloutStarted", "configuration b goes to 3 nodes"));
  }

  @Test
  void aStatusWithoutARolloutOrWithOneInNoPhaseTellsOfNone() {
    FlannelNetworkStatus before = rollout(rollout(Phase.PROGRESSING, "a", "b", null));
    assertThat(NetworkEvent.between(Optional.of(before), NOTHING)).isEmpty();
    assertThat(NetworkEvent.between(Optional.of(before), rollout(rollout(null, "a", "b", null))))
        .isEmpty();
  }

  @Test
  void anAdoptionThatWasUnderWayAndIsOverIsTold() {
    assertThat(NetworkEvent.between(Optional.of(adoption(Stage.TAKING_OVER)), NOTHING))
        .containsExactly(
            new NetworkEvent(
                false,
                "Adopted",
                "the flannel that was there before is taken over, and its own objects are"
                    + " removed"));
    assertThat(
            NetworkEvent.between(
                Optional.of(adoption(Stage.TAKING_OVER)), adoption(Stage.TAKING_OVER)))
        .isEmpty();
  }

  @ParameterizedTest
  @EnumSource(value = Stage.class, mode = EnumSource.Mode.EXCLUDE, names = "TAKING_OVER")
  void anAdoptionThatNeverBeganIsNotTold(Stage stage) {
    assertThat(NetworkEvent.between(Optional.of(adoption(stage)), NOTHING)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "TRUE, FALSE, true, TunnelsUnhealthy",
    "TRUE, UNKNOWN, false, TunnelsUnknown",
    "FALSE, TRUE, false, TunnelsHealthy"
  })
  void tunnelsAreToldWhenTheirStatusChanges(
      Status before, Status after, boolean warning, String reason) {
    assertThat(
            NetworkEvent.between(
                Optional.of(condition("TunnelsHealthy", before, "before")),
                condition("TunnelsHealthy", after, "words")))
        .containsExactly(new NetworkEvent(warning, reason, "words"));
    assertThat(
            NetworkEvent.between(
                Optional.of(condition("TunnelsHealthy", after, "before")),
                condition("TunnelsHealthy", after, "words")))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"TRUE, 1", "FALSE, 1", "UNKNOWN, 0"})
  void tunnelsThatAreNotKnownAtFirstAreNotTold(Status first, int events) {
    assertThat(NetworkEvent.between(Optional.empty(), condition("TunnelsHealthy", first, "words")))
        .hasSize(events);
  }

  @Test
  void aNetworkThatIsNotReadyAtFirstIsNotToldAsSuch() {
    assertThat(NetworkEvent.between(Optional.empty(), condition("Ready", Status.FALSE, "words")))
        .isEmpty();
    assertThat(NetworkEvent.between(Optional.empty(), condition("Ready", Status.TRUE, "words")))
        .containsExactly(new NetworkEvent(false, "Ready", "words"));
  }

  @Test
  void aProblemIsToldWithItsRemedyAndOnceItIsSolved() {
    FlannelNetworkStatus ill =
        status(
            null, null, List.of(new Problem("PacketLoss", "some", List.of(), null, "mend")), null);
    assertThat(NetworkEvent.between(Optional.of(NOTHING), ill))
        .containsExactly(new NetworkEvent(true, "PacketLoss", "some; what to do: mend"));
    assertThat(NetworkEvent.between(Optional.of(ill), ill)).isEmpty();
    assertThat(NetworkEvent.between(Optional.of(ill), NOTHING))
        .containsExactly(
            new NetworkEvent(
                false, "ProblemSolved", "PacketLoss: no node has this problem any more"));
  }

  @Test
  void aProblemInPlaceOfAnotherIsToldAndTheOtherIsSolved() {
    FlannelNetworkStatus before = problem("PacketLoss");
    FlannelNetworkStatus after = problem("DeviceDown");
    assertThat(NetworkEvent.between(Optional.of(before), after))
        .extracting(NetworkEvent::message)
        .containsExactly(
            "DeviceDown; what to do: mend", "PacketLoss: no node has this problem any more");
  }

  private static FlannelNetworkStatus problem(String reason) {
    return status(null, null, List.of(new Problem(reason, reason, List.of(), null, "mend")), null);
  }

  private static Rollout rollout(Phase phase, String from, String to, String message) {
    return new Rollout(phase, 1, 3, from, to, "2026-11-23T10:00:00Z", null, null, message);
  }

  private static FlannelNetworkStatus rollout(Rollout rollout) {
    return status(null, rollout, null, null);
  }

  private static FlannelNetworkStatus adoption(Stage stage) {
    return status(null, null, null, new Adoption("a/b", stage, null, null, null, null));
  }

  private static FlannelNetworkStatus condition(String type, Status status, String message) {
    return status(
        List.of(new StatusCondition(type, status, "Reason", message, "2026-11-23T10:00:00Z", 1L)),
        null,
        null,
        null);
  }

  private static FlannelNetworkStatus status(
      List<StatusCondition> conditions,
      Rollout rollout,
      List<Problem> problems,
      Adoption adoption) {
    return new FlannelNetworkStatus(
        1L, conditions, null, null, rollout, null, null, null, problems, adoption);
  }
}
