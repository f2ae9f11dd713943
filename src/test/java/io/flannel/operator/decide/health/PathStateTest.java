package io.flannel.operator.decide.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNodeStatus.PeerReport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a node's probes of a peer say together: the table of docs/tunnel-health.md. */
class PathStateTest {
  @ParameterizedTest
  @CsvSource({
    // overlay, full size, underlay, lossy, alive
    ",,,,, UNMEASURED",
    "true,,,,, PASSES",
    "true, true, false, false, false, PASSES",
    "true, false, true,,, FULL_SIZE_LOST",
    "true, false, true, true,, FULL_SIZE_LOST",
    "true, true, true, true,, LOSSY",
    ",, true,,, PASSES",
    ", false, true,,, FULL_SIZE_LOST",
    ",, true, true,, LOSSY",
    "false, false, true, true,, TUNNEL_LOST",
    "false,,,,, UNDECIDED",
    "false,,,, true, UNDECIDED",
    "false,, false,,, UNDECIDED",
    ",, false,,, UNDECIDED",
    "false,, false,, true, SILENT",
    "false,, false,, false, UNREACHABLE",
    ",, false,, true, SILENT",
    ",, false,, false, UNREACHABLE"
  })
  void probesTogetherShowThePathsState(
      Boolean overlay,
      Boolean fullSize,
      Boolean underlay,
      Boolean lossy,
      Boolean alive,
      PathState state) {
    assertThat(
            PathState.of(
                new PeerReport(
                    "n2", null, overlay, fullSize, underlay, alive, lossy, null, null, null, null,
                    null, null)))
        .isEqualTo(state);
  }

  @ParameterizedTest
  @CsvSource({
    "UNMEASURED, false, false, false",
    "PASSES, true, false, false",
    "LOSSY, true, false, false",
    "FULL_SIZE_LOST, true, false, false",
    "TUNNEL_LOST, false, true, false",
    "SILENT, false, true, true",
    "UNDECIDED, false, true, true",
    "UNREACHABLE, false, true, true"
  })
  void aStateSaysWhatPassesAndWhatIsHeard(
      PathState state, boolean reached, boolean lost, boolean gone) {
    assertThat(state.reached()).isEqualTo(reached);
    assertThat(state.lost()).isEqualTo(lost);
    assertThat(state.gone()).isEqualTo(gone);
  }
}
