package io.flannel.operator.report.view;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.health.ProbePlan;
import io.flannel.operator.report.view.Mesh.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MeshTest {
  @ParameterizedTest
  @CsvSource({
    "PASSES, PASSES, PASSES",
    "LOSSY, PASSES, LOSSY",
    "FULL_SIZE_LOST, PASSES, FULL_SIZE_LOST",
    "TUNNEL_LOST, PASSES, OVERLAY_LOST",
    "UNREACHABLE, UNREACHABLE, UNREACHABLE",
    "UNMEASURED, PASSES, UNKNOWN",
    "UNDECIDED, UNDECIDED, UNKNOWN",
    "SILENT, PASSES, UNKNOWN",
    "SILENT, SILENT, OVERLAY_LOST"
  })
  void eachWayIsTold(PathState there, PathState back, State shown) {
    Mesh mesh = Mesh.of(List.of("a", "b"), Map.of("a", report("b", there), "b", report("a", back)));
    assertThat(mesh.probes().getFirst()).isEqualTo(new Mesh.Probe(0, 1, shown, 7, 400));
  }

  @Test
  void nodeThatDoesNotReportSeesNothing() {
    Mesh mesh = Mesh.of(List.of("a", "b"), Map.of("a", report("b", PathState.PASSES)));
    assertThat(mesh.probes())
        .containsExactly(
            new Mesh.Probe(0, 1, State.PASSES, 7, 400),
            new Mesh.Probe(1, 0, State.UNKNOWN, null, null));
  }

  @Test
  void meshOfManyNodesHasOnlyThePairsThatAreProbed() {
    List<String> names = IntStream.range(0, 1000).mapToObj("n%04d"::formatted).toList();
    Mesh mesh = Mesh.of(names, Map.of());
    assertThat(mesh.probes()).hasSize(1000 * 2 * ProbePlan.NEIGHBOURS);
  }

  @Test
  void probeIsAnArrayInJson() throws Exception {
    Mesh mesh = Mesh.of(List.of("a", "b"), Map.of("a", report("b", PathState.FULL_SIZE_LOST)));
    assertThat(new ObjectMapper().writeValueAsString(mesh))
        .isEqualTo(
            "{\"nodes\":[\"a\",\"b\"],"
                + "\"probes\":[[0,1,\"fullSizeLost\",7,400],[1,0,\"unknown\",null,null]]}");
  }

  private static AgentReport report(String peer, PathState state) {
    return new AgentReport.Received(
        Duration.ZERO,
        Optional.empty(),
        Optional.empty(),
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Stream.of(state)
            .map(
                it ->
                    new AgentReport.Path(
                        peer,
                        Optional.empty(),
                        it,
                        Duration.ofMinutes(1),
                        true,
                        Optional.of(7),
                        Optional.of(400),
                        Optional.of(900),
                        Optional.empty()))
            .toList());
  }
}
