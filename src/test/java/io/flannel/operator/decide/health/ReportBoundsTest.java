package io.flannel.operator.decide.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.flannel.operator.api.FlannelNodeSpec;
import io.flannel.operator.api.FlannelNodeStatus;
import io.flannel.operator.decide.health.AgentReport.Nonsense;
import io.flannel.operator.decide.health.AgentReport.Received;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The last values that a report may have, and what an agent may leave out of it. */
class ReportBoundsTest {
  private static final Duration AGE = Duration.ofSeconds(3);
  private static final String HEAD =
      "observedGeneration: 4\nreportedAt: \"2026-11-23T10:00:10.5Z\"\n";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "device: {name: flannel.1234567, mtu: 0}",
        "device: {name: a, mtu: 65536}",
        "device: {name: a, kind: 12345678901234567890123456789012}",
        "peers: [{name: n2, lossPercent: 0, rttP50Micros: 0, rttP99Micros: 0}]",
        "peers: [{name: n2, lossPercent: 100, rttP50Micros: 60000000, rttP99Micros: 60000000}]",
        "peers: [{name: n2, rttP99Micros: 5}]",
        "peers: [{name: n2, route: {}}]"
      })
  void theLastPossibleValuesAreRead(String rest) {
    assertThat(read(HEAD + rest)).isInstanceOf(Received.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "device: {name: a, mtu: 65537} | device.mtu is 65537",
        "device: {name: a, kind: 123456789012345678901234567890123} | device.kind has more than 32",
        "findings: [{message: odd}] | a finding has no reason",
        "findings: [null] | a finding has no reason",
        "peers: [null] | peers has an entry that is nothing",
        "peers: [{name: ''}] | a peer's name is missing",
        "agentSince: soon | agentSince is 'soon'",
        "bootedAt: soon | bootedAt is 'soon'"
      })
  void thePartOfAReportThatIsImpossibleIsNamed(String rest, String why) {
    assertThat(read(HEAD + rest))
        .isInstanceOfSatisfying(Nonsense.class, it -> assertThat(it.why()).startsWith(why));
  }

  @Test
  void theFirstGenerationIsNoneYet() {
    assertThat(read("observedGeneration: 0\nreportedAt: \"2026-11-23T10:00:10Z\"\n"))
        .isInstanceOf(Received.class);
  }

  @Test
  void asManyPeersAsTheSchemaAllowsAreRead() {
    String peers =
        IntStream.range(0, 128)
            .mapToObj("- {name: n%d}\n"::formatted)
            .collect(Collectors.joining());
    assertThat(read("observedGeneration: 3" + HEAD.substring(21) + "peers:\n" + peers))
        .isInstanceOf(Received.class);
  }

  @Test
  void aMessageMayBeAsLongAsTheSchemaAllowsOrMissing() {
    Received report =
        (Received)
            read(
                HEAD
                    + "findings: [{reason: RouteStale, message: %s}, {reason: LeftOvers}]"
                        .formatted("x".repeat(1024)));
    assertThat(report.findings())
        .extracting(AgentReport.Finding::seen)
        .containsExactly("x".repeat(1024), "");
  }

  @ParameterizedTest
  @CsvSource({"64, ''", "65, …"})
  void aStrangersTextIsRepeatedInPart(int length, String end) {
    String text = "x".repeat(length);
    assertThat(read(HEAD + "findings: [{reason: %s}]".formatted(text)))
        .isInstanceOfSatisfying(
            Nonsense.class, it -> assertThat(it.why()).contains("'" + "x".repeat(64) + end + "'"));
  }

  @Test
  void whatAnAgentDoesNotSayIsNotKnown() {
    Received report = (Received) read(HEAD);
    assertThat(report)
        .isEqualTo(
            new Received(
                AGE,
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                List.of()));
  }

  @Test
  void howLongAgentAndNodeHaveRunIsCountedByBothClocks() {
    Received report =
        (Received)
            read(
                HEAD
                    + """
                    agentSince: "2026-11-23T10:00:00.5Z"
                    bootedAt: "2026-11-23T10:00:10.5Z"
                    stopping: true
                    """);
    assertThat(report.agentFor()).contains(Duration.ofSeconds(13));
    assertThat(report.nodeFor()).contains(AGE);
    assertThat(report.stopping()).isTrue();
    Received later = (Received) read(HEAD + "agentSince: \"2026-11-23T11:00:00Z\"");
    assertThat(later.agentFor()).as("the clock was set back").contains(AGE);
  }

  @Test
  void aReportWithoutItsSpecCountsForNoPeer() {
    FlannelNodeStatus status = status(HEAD + "peers: [{name: n2, overlay: true}]");
    Received report = (Received) AgentReport.read(4, null, status, AGE);
    assertThat(report.paths()).isEmpty();
  }

  private static AgentReport read(String yaml) {
    FlannelNodeSpec spec =
        Serialization.unmarshal(
            "---\nnetwork: default\nbackend: ipip\npeers: [{name: n2, address: 192.168.0.2}]\n",
            FlannelNodeSpec.class);
    return AgentReport.read(4, spec, status(yaml), AGE);
  }

  private static FlannelNodeStatus status(String yaml) {
    return Serialization.unmarshal("---\n" + yaml, FlannelNodeStatus.class);
  }
}
