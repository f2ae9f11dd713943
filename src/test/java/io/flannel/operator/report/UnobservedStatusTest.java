package io.flannel.operator.report;

import static io.flannel.operator.flannel.Networks.unmeasured;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.Decision;
import io.flannel.operator.flannel.DesiredNetwork;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Statuses that say nothing of nodes, since nobody looks at them. */
class UnobservedStatusTest {
  private static final DesiredNetwork IPIP = unmeasured("ipip", "10.244.0.0/16");

  private final StatusScenario life = StatusScenario.running(IPIP);

  @Test
  void whatTheOperatorFailedWithIsSaidAndWhatIsInForceStays() {
    FlannelNetworkStatus status = failed(new IllegalStateException("x".repeat(400)));
    String message =
        "this operator failed, and goes on trying: java.lang.IllegalStateException: "
            + "x".repeat(266)
            + "…; what runs on the nodes is left as it is. Look into the operator's log, and report"
            + " it";
    assertThat(status.conditions())
        .extracting(
            StatusCondition::type,
            StatusCondition::status,
            StatusCondition::reason,
            StatusCondition::message)
        .containsExactly(
            tuple(
                "Accepted", Status.TRUE, "Accepted", "the spec can be carried out on this cluster"),
            tuple("Ready", Status.UNKNOWN, "InternalError", message),
            tuple("TunnelsHealthy", Status.UNKNOWN, "InternalError", message),
            tuple("Reconciling", Status.FALSE, "InternalError", message),
            tuple("Stalled", Status.TRUE, "InternalError", message));
    assertThat(status)
        .isEqualTo(
            new FlannelNetworkStatus(
                1L,
                status.conditions(),
                life.status().applied(),
                null,
                null,
                null,
                null,
                null,
                null,
                null));
    assertThat(StatusScenario.condition(status, "Accepted").lastTransitionTime())
        .isEqualTo("2026-11-23T10:00:00Z");
    assertThat(StatusScenario.condition(status, "Ready").lastTransitionTime())
        .isEqualTo("2026-11-23T10:01:00Z");
  }

  @Test
  void whatWasNeverAcceptedIsUnknownWhenTheOperatorFails() {
    FlannelNetworkStatus status =
        StatusReport.internalError(
            1, Optional.empty(), new IllegalStateException("no"), life.clock());
    assertThat(StatusScenario.condition(status, "Accepted"))
        .extracting(StatusCondition::status, StatusCondition::reason)
        .containsExactly(Status.UNKNOWN, "InternalError");
    assertThat(StatusScenario.condition(status, "Accepted").message())
        .isEqualTo(StatusScenario.condition(status, "Ready").message());
    assertThat(status.applied()).isNull();
  }

  @Test
  void whatWasAcceptedIsFoundAmongConditionsInWhateverOrder() {
    FlannelNetworkStatus before =
        new FlannelNetworkStatus(
            1L,
            Objects.requireNonNull(life.status().conditions()).reversed(),
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null);
    assertThat(
            StatusScenario.condition(
                    StatusReport.internalError(
                        1, Optional.of(before), new Error("no"), life.clock()),
                    "Accepted")
                .reason())
        .isEqualTo("Accepted");
  }

  @Test
  void aDeletedNetworkSaysHowFarItsRemovalIs() {
    FlannelNetworkStatus before = withProblem();
    FlannelNetworkStatus status =
        StatusReport.cleaning(2, Optional.of(before), "1 of 2 nodes is done", life.clock());
    assertThat(status.conditions())
        .extracting(
            StatusCondition::type,
            StatusCondition::status,
            StatusCondition::reason,
            StatusCondition::message)
        .containsExactly(
            tuple(
                "Accepted", Status.TRUE, "Accepted", "it is deleted, with deletionPolicy Cleanup"),
            tuple("Ready", Status.FALSE, "Cleaning", "1 of 2 nodes is done"),
            tuple("TunnelsHealthy", Status.UNKNOWN, "Cleaning", "1 of 2 nodes is done"),
            tuple("Reconciling", Status.TRUE, "Cleaning", "1 of 2 nodes is done"),
            tuple("Stalled", Status.FALSE, "Cleaning", "1 of 2 nodes is done"));
    assertThat(status)
        .isEqualTo(
            new FlannelNetworkStatus(
                2L,
                status.conditions(),
                before.applied(),
                null,
                null,
                null,
                null,
                null,
                before.problems(),
                null));
  }

  @Test
  void timesAreInSeconds() {
    life.after(Duration.ofMillis(2500));
    assertThat(
            Optional.of(StatusReport.cleaning(2, Optional.empty(), "it ends", life.clock()))
                .stream()
                .flatMap(it -> Objects.requireNonNull(it.conditions()).stream()))
        .extracting(StatusCondition::lastTransitionTime)
        .containsOnly("2026-11-23T10:00:02Z");
    assertThat(StatusScenario.condition(failed(new Error()), "Ready").lastTransitionTime())
        .isEqualTo("2026-11-23T10:01:02Z");
    var refuse = new Decision.Refuse("AnotherNetworkInCharge", "'a' is older", "delete one");
    assertThat(
            StatusScenario.condition(
                    StatusReport.refused(1, Optional.empty(), refuse, life.clock()), "Ready")
                .lastTransitionTime())
        .isEqualTo("2026-11-23T10:01:02Z");
  }

  private FlannelNetworkStatus failed(Throwable fault) {
    return StatusReport.internalError(
        1, Optional.of(life.status()), fault, life.after(Duration.ofMinutes(1)).clock());
  }

  private FlannelNetworkStatus withProblem() {
    life.nodes(StatusScenario.ipipNode(1), StatusScenario.free(2)).report();
    assertThat(life.status().problems()).isNotEmpty();
    return life.status();
  }
}
