package io.flannel.operator.flannel.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.flannel.live.RolloutAnnotations.RolledBack;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a DaemonSet remembers of its rollouts. */
class RolloutAnnotationsTest {
  private static final Instant WRITTEN = Instant.parse("2026-11-30T10:00:00Z");

  private static final RolloutAnnotations ALL =
      new RolloutAnnotations(
          "new",
          Optional.of(WRITTEN),
          Optional.of("old"),
          Set.of("n2", "n1/n3"),
          Optional.of(new RolledBack("failed", "again", "n1 waits")),
          true);

  private static final Map<String, String> WRITTEN_DOWN =
      Map.of(
          "flannel.io/changed-at", "2026-11-30T10:00:00Z",
          "flannel.io/previous-revision", "old",
          "flannel.io/unhealthy-before", "n1/n3,n2",
          "flannel.io/disruptive", "true",
          "flannel.io/rolled-back-revision", "failed",
          "flannel.io/rolled-back-retry", "again",
          "flannel.io/rolled-back-reason", "n1 waits");

  @Test
  void whatIsWrittenIsReadBack() {
    assertThat(ALL.annotations()).isEqualTo(WRITTEN_DOWN);
    assertThat(RolloutAnnotations.read(WRITTEN_DOWN, Map.of("flannel.io/revision", "new")))
        .isEqualTo(ALL);
  }

  @Test
  void whatIsNotSoIsNotWritten() {
    assertThat(RolloutAnnotations.NONE.annotations()).isEmpty();
    assertThat(RolloutAnnotations.read(null, null)).isEqualTo(RolloutAnnotations.NONE);
    assertThat(RolloutAnnotations.read(Map.of(), Map.of())).isEqualTo(RolloutAnnotations.NONE);
    assertThat(
            new RolloutAnnotations(
                    "new",
                    Optional.empty(),
                    Optional.empty(),
                    Set.of(),
                    Optional.of(new RolledBack("failed", "", "it waits")))
                .annotations())
        .isEqualTo(
            Map.of(
                "flannel.io/rolled-back-revision", "failed",
                "flannel.io/rolled-back-reason", "it waits"));
  }

  @Test
  void theNamesOfThePreviousVersionAreStillRead() {
    assertThat(
            RolloutAnnotations.read(
                Map.of(
                    "flannel.io/ill-before", "n1",
                    "flannel.io/cuts-traffic", "true",
                    "flannel.io/taken-back-revision", "failed"),
                Map.of()))
        .isEqualTo(
            new RolloutAnnotations(
                "",
                Optional.empty(),
                Optional.empty(),
                Set.of("n1"),
                Optional.of(new RolledBack("failed", "", "it failed")),
                true));
  }

  @Test
  void anEmptyOrUnreadableValueCountsAsMissing() {
    assertThat(
            RolloutAnnotations.read(
                Map.of(
                    "flannel.io/changed-at", "yesterday",
                    "flannel.io/previous-revision", "",
                    "flannel.io/disruptive", "yes"),
                null))
        .isEqualTo(RolloutAnnotations.NONE);
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-30T09:59:59Z, true",
    "2026-11-30T10:00:00Z, false",
    "2026-11-30T10:00:01Z, false",
    "yesterday, false",
    ", false"
  })
  void aTemplateIsLaterThanATimeBeforeItWasWritten(String time, boolean later) {
    assertThat(ALL.changedAfter(time)).isEqualTo(later);
    assertThat(RolloutAnnotations.NONE.changedAfter(time)).isFalse();
  }

  @Test
  void aTemplateThatIsOnEveryNodeIsThePreviousOneOfTheNext() {
    assertThat(ALL.isComplete()).isFalse();
    assertThat(ALL.completed())
        .isEqualTo(
            new RolloutAnnotations(
                "new",
                Optional.of(WRITTEN),
                Optional.of("new"),
                Set.of("n2", "n1/n3"),
                Optional.empty(),
                true));
    assertThat(ALL.completed().isComplete()).isTrue();
    assertThat(RolloutAnnotations.NONE.completed()).isEqualTo(RolloutAnnotations.NONE);
  }

  @Test
  void aRetryIsComparedByItsFirstCharacters() {
    assertThat(RolloutAnnotations.attempt(Map.of("flannel.io/retry", "x".repeat(64))))
        .isEqualTo("x".repeat(62) + "…");
    assertThat(RolloutAnnotations.attempt(Map.of("flannel.io/try-again", "monday")))
        .isEqualTo("monday");
    assertThat(RolloutAnnotations.attempt(null)).isEmpty();
    assertThat(RolloutAnnotations.attempt(Map.of())).isEmpty();
    assertThat(
            RolloutAnnotations.read(
                    Map.of(
                        "flannel.io/rolled-back-revision", "failed",
                        "flannel.io/rolled-back-retry", "x".repeat(64),
                        "flannel.io/rolled-back-reason", "y".repeat(1025)),
                    null)
                .rolledBack())
        .contains(new RolledBack("failed", "x".repeat(62) + "…", "y".repeat(1023) + "…"));
  }
}
