package io.flannel.operator.decide;

import static org.assertj.core.api.Assertions.assertThat;

import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.FlannelNetworkStatus.NodeStatus;
import io.flannel.operator.api.FlannelNetworkStatus.Problem;
import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.decide.problem.TunnelProblem;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the last status said. */
class PreviousStatusTest {
  private static final PreviousStatus STATUS =
      PreviousStatus.of(
          Optional.of(
              new FlannelNetworkStatus(
                  1L,
                  null,
                  null,
                  null,
                  null,
                  null,
                  List.of(
                      node("n1", Tunnel.DOWN, "PacketLoss", "2026-11-30T10:02:00Z"),
                      node("n2", Tunnel.DEGRADED, "PacketLoss", "2026-11-30T10:01:00Z"),
                      node("n3", Tunnel.HEALTHY, null, null)),
                  null,
                  List.of(
                      new Problem(
                          "PacketLoss",
                          "some",
                          List.of("n1", "n2", "n3"),
                          "2026-11-30T10:00:00Z",
                          null)),
                  null)));

  @Test
  void aNodeHasItsReasonAndState() {
    assertThat(STATUS.reasonOf("n1")).contains("PacketLoss");
    assertThat(STATUS.reasonOf("n3")).isEmpty();
    assertThat(STATUS.reasonOf("stranger")).isEmpty();
    assertThat(STATUS.wasHealthy("n3")).isTrue();
    assertThat(STATUS.wasHealthy("n1")).isFalse();
    assertThat(STATUS.wasHealthy("stranger")).isFalse();
  }

  @Test
  void aNodeIsBlamedForWhatTheOtherIsNotNamedFor() {
    assertThat(STATUS.blamed("n1", "n4", TunnelProblem.PACKET_LOSS)).isTrue();
    assertThat(STATUS.blamed("n1", "n2", TunnelProblem.PACKET_LOSS)).as("both are").isFalse();
    assertThat(STATUS.blamed("n3", "n4", TunnelProblem.PACKET_LOSS)).as("healthy").isFalse();
    assertThat(STATUS.blamed("n4", "n5", TunnelProblem.PACKET_LOSS)).as("not named").isFalse();
    assertThat(STATUS.blamed("n1", "n4", TunnelProblem.AGENT_SILENT)).isFalse();
  }

  @Test
  void aProblemHasLastedSinceTheFirstOfItsNodesHadIt() {
    assertThat(since(TunnelProblem.PACKET_LOSS, "n1", "n2"))
        .contains(Instant.parse("2026-11-30T10:01:00Z"));
    assertThat(since(TunnelProblem.PACKET_LOSS, "n4"))
        .as("not listed")
        .contains(Instant.parse("2026-11-30T10:00:00Z"));
    assertThat(since(TunnelProblem.AGENT_SILENT, "n1")).isEmpty();
  }

  @Test
  void withoutAStatusNothingWasSaid() {
    assertThat(PreviousStatus.of(Optional.empty()).reasonOf("n1")).isEmpty();
    assertThat(PreviousStatus.NOTHING.wasHealthy("n1")).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "0000-01-01T00:00:00Z, 0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z, 9999-12-31T23:59:59Z",
    "-0001-12-31T23:59:59Z, 2026-11-30T10:00:00Z",
    "+10000-01-01T00:00:00Z, 2026-11-30T10:00:00Z",
    "2026-11-30T12:00:00+02:00, 2026-11-30T10:00:00Z"
  })
  void aTimeIsRepeatedIfItsYearHasFourDigits(String said, String repeated) {
    assertThat(SaidTime.orElse(said, Instant.parse("2026-11-30T10:00:00Z"))).isEqualTo(repeated);
  }

  private static Optional<Instant> since(TunnelProblem cause, String... nodes) {
    return STATUS.since(cause, Stream.of(nodes));
  }

  private static NodeStatus node(String name, Tunnel tunnel, String reason, String since) {
    return new NodeStatus(
        name, true, null, null, null, null, null, null, tunnel, reason, null, null, null, since);
  }
}
