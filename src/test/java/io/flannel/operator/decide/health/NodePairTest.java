package io.flannel.operator.decide.health;

import static io.flannel.operator.decide.health.PathState.PASSES;
import static io.flannel.operator.decide.health.PathState.SILENT;
import static io.flannel.operator.decide.health.PathState.TUNNEL_LOST;
import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.decide.health.AgentReport.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What two nodes' probes of each other say together. */
class NodePairTest {
  @ParameterizedTest
  @CsvSource({
    "PASSES, PASSES, PASSES",
    "PASSES, TUNNEL_LOST, TUNNEL_LOST",
    "TUNNEL_LOST, PASSES, TUNNEL_LOST",
    "SILENT, PASSES, SILENT",
    "SILENT, SILENT, TUNNEL_LOST",
    "SILENT, TUNNEL_LOST, TUNNEL_LOST",
    "SILENT, UNREACHABLE, UNREACHABLE"
  })
  void theWorseOfTwoViewsCountsAndTwoSilencesAreALostTunnel(
      PathState a, PathState b, PathState both) {
    assertThat(pair(a, b).state()).isEqualTo(both);
  }

  @ParameterizedTest
  @CsvSource({
    "TUNNEL_LOST, PASSES, a",
    "PASSES, TUNNEL_LOST, b",
    "TUNNEL_LOST, LOSSY, a",
    "TUNNEL_LOST, TUNNEL_LOST, ",
    "TUNNEL_LOST, UNMEASURED, ",
    "UNMEASURED, TUNNEL_LOST, ",
    "PASSES, PASSES, "
  })
  void theLoserIsTheOneThatDoesNotReachTheOtherThoughItIsReached(
      PathState a, PathState b, String loser) {
    assertThat(pair(a, b).loser(PathState::lost)).isEqualTo(Optional.ofNullable(loser));
  }

  @ParameterizedTest
  @CsvSource({
    "UNREACHABLE, PASSES, b",
    "UNREACHABLE, UNMEASURED, b",
    "PASSES, SILENT, a",
    "UNREACHABLE, UNREACHABLE, ",
    "UNREACHABLE, TUNNEL_LOST, ",
    "TUNNEL_LOST, SILENT, ",
    "TUNNEL_LOST, PASSES, ",
    "PASSES, PASSES, "
  })
  void anEndIsGoneThatTheOtherHearsNothingOfUnlessItSaysTheSame(
      PathState a, PathState b, String gone) {
    assertThat(pair(a, b).goneToTheOther()).isEqualTo(Optional.ofNullable(gone));
  }

  @Test
  void theLongestFailureAndTheLastChangeCount() {
    NodePair pair =
        new NodePair(
            "a",
            "b",
            Optional.of(path(TUNNEL_LOST, 20, true)),
            Optional.of(path(SILENT, 30, true)));
    assertThat(pair.held(PathState::lost)).isEqualTo(Duration.ofSeconds(30));
    assertThat(pair.held(TUNNEL_LOST::equals)).isEqualTo(Duration.ofSeconds(20));
    assertThat(pair.held(PASSES::equals)).isZero();
    assertThat(pair.lastChanged()).isEqualTo(Duration.ofSeconds(20));
    assertThat(new NodePair("a", "b", Optional.empty(), Optional.empty()).lastChanged()).isZero();
  }

  @Test
  void anEndPassesSteadilyIfNoProbeOfItsOwnWasLostLately() {
    NodePair pair =
        new NodePair(
            "a", "b", Optional.of(path(PASSES, 1, true)), Optional.of(path(PASSES, 1, false)));
    assertThat(pair.passesSteadily("a")).isTrue();
    assertThat(pair.passesSteadily("b")).isFalse();
    assertThat(
            new NodePair("a", "b", Optional.of(path(TUNNEL_LOST, 1, true)), Optional.empty())
                .passesSteadily("a"))
        .isFalse();
  }

  @Test
  void eachEndHasAnother() {
    NodePair pair = pair(PASSES, PASSES);
    assertThat(pair.other("a")).isEqualTo("b");
    assertThat(pair.other("b")).isEqualTo("a");
    assertThat(pair.has("a")).isTrue();
    assertThat(pair.has("b")).isTrue();
    assertThat(pair.has("c")).isFalse();
  }

  private static NodePair pair(PathState a, PathState b) {
    return new NodePair("a", "b", Optional.of(path(a, 1, true)), Optional.of(path(b, 1, true)));
  }

  private static Path path(PathState state, int seconds, boolean steady) {
    return new Path(
        "peer",
        Optional.empty(),
        state,
        Duration.ofSeconds(seconds),
        steady,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
