package io.flannel.operator.report.view;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.AgentReport.Received;
import io.flannel.operator.decide.health.PathState;
import io.flannel.operator.decide.health.ProbePlan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The results of the nodes' probes of each other.
 *
 * @param nodes the nodes with a lease, sorted by name
 * @param probes every pair that is probed ({@link ProbePlan}), one entry per direction
 */
public record Mesh(List<String> nodes, List<Probe> probes) {

  /**
   * The result of one node's probes of another.
   *
   * @param from index of the node that probes
   * @param to index of the node that is probed
   * @param lossPercent lost probes in percent; null if not measured
   * @param rttP50Micros median round-trip time in microseconds; null if not measured
   */
  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  @JsonPropertyOrder({"from", "to", "state", "lossPercent", "rttP50Micros"})
  public record Probe(
      int from,
      int to,
      State state,
      @Nullable Integer lossPercent,
      @Nullable Integer rttP50Micros) {}

  /** What happens to packets from one node to another. */
  public enum State {
    /** They pass. */
    @JsonProperty("passes")
    PASSES,
    /** Enough are lost that connections suffer. */
    @JsonProperty("lossy")
    LOSSY,
    /** Small ones pass, full-size ones do not. */
    @JsonProperty("fullSizeLost")
    FULL_SIZE_LOST,
    /** The node's address answers, but nothing answers through the overlay. */
    @JsonProperty("overlayLost")
    OVERLAY_LOST,
    /** Nothing answers. */
    @JsonProperty("unreachable")
    UNREACHABLE,
    /** Not measured: the sender's agent is silent, or the receiver's does not answer. */
    @JsonProperty("unknown")
    UNKNOWN
  }

  /**
   * Builds the mesh from the agents' reports.
   *
   * @param leased the nodes with a lease, sorted
   * @param reports by node, without those of silent nodes
   */
  static Mesh of(List<String> leased, Map<String, AgentReport> reports) {
    Map<String, Map<String, AgentReport.Path>> paths = HashMap.newHashMap(reports.size());
    reports.forEach(
        (node, report) -> {
          if (report instanceof Received received && !received.silent()) {
            paths.put(
                node,
                received.paths().stream()
                    .collect(Collectors.toMap(AgentReport.Path::peer, Function.identity())));
          }
        });
    ProbePlan plan = ProbePlan.of(leased);
    List<Probe> probes = new ArrayList<>();
    for (int i = 0; i < leased.size(); i++) {
      String from = leased.get(i);
      for (String to : plan.peersOf(from)) {
        probes.add(
            probe(
                i,
                Collections.binarySearch(leased, to),
                paths.getOrDefault(from, Map.of()).get(to),
                paths.getOrDefault(to, Map.of()).get(from)));
      }
    }
    return new Mesh(leased, List.copyOf(probes));
  }

  private static Probe probe(
      int from, int to, AgentReport.@Nullable Path there, AgentReport.@Nullable Path back) {
    if (there == null) {
      return new Probe(from, to, State.UNKNOWN, null, null);
    }
    return new Probe(
        from,
        to,
        state(there.state(), back == null ? PathState.UNMEASURED : back.state()),
        there.lossPercent().orElse(null),
        there.rttP50Micros().orElse(null));
  }

  private static State state(PathState there, PathState back) {
    return switch (there) {
      case PASSES -> State.PASSES;
      case LOSSY -> State.LOSSY;
      case FULL_SIZE_LOST -> State.FULL_SIZE_LOST;
      case TUNNEL_LOST -> State.OVERLAY_LOST;
      case UNREACHABLE -> State.UNREACHABLE;
      // Neither gets the other's answer although both are up: the path between them is broken.
      case SILENT -> back.lost() ? State.OVERLAY_LOST : State.UNKNOWN;
      case UNMEASURED, UNDECIDED -> State.UNKNOWN;
    };
  }
}
