package io.flannel.operator.decide.health;

import static io.flannel.operator.flannel.Nodes.node;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Copies of {@link TunnelScenario}'s reports with one thing changed. */
final class ChangedReports {
  private ChangedReports() {}

  /** Changes how long ago the report was written. */
  static AgentReport aged(AgentReport.Received report, Duration age) {
    return copy(report, age, report.nodeFor(), report.paths());
  }

  /** Changes how long all passing paths have passed. */
  static AgentReport passingSince(AgentReport.Received report, Duration held) {
    return copy(
        report,
        report.age(),
        report.nodeFor(),
        report.paths().stream()
            .map(
                path ->
                    path.state() != PathState.PASSES
                        ? path
                        : new AgentReport.Path(
                            path.peer(),
                            path.address(),
                            path.state(),
                            held,
                            path.steady(),
                            path.lossPercent(),
                            path.rttP50Micros(),
                            path.rttP99Micros(),
                            path.route()))
            .toList());
  }

  /** Returns a scenario's reports, in which one node booted this long ago. */
  static Map<String, AgentReport> booted(TunnelScenario lab, String node, Duration ago) {
    Map<String, AgentReport> reports = new TreeMap<>(lab.reports());
    AgentReport.Received report = (AgentReport.Received) reports.get(node);
    reports.put(node, copy(report, report.age(), Optional.of(ago), report.paths()));
    return reports;
  }

  /** Copies a report with another age, time since boot, and paths. */
  private static AgentReport copy(
      AgentReport.Received report,
      Duration age,
      Optional<Duration> nodeFor,
      List<AgentReport.Path> paths) {
    return new AgentReport.Received(
        age,
        report.agentFor(),
        nodeFor,
        report.stopping(),
        report.device(),
        report.bridgeAddress(),
        report.nic(),
        report.bridge(),
        report.findings(),
        paths);
  }
}
