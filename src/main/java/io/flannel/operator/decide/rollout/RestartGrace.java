package io.flannel.operator.decide.rollout;

import io.flannel.operator.decide.health.AgentReport;
import io.flannel.operator.decide.health.AgentReport.Finding;
import io.flannel.operator.decide.problem.NodeFault;
import io.flannel.operator.flannel.DesiredNetwork;
import io.flannel.operator.flannel.live.FlannelPod;
import io.flannel.operator.flannel.live.FlannelPods;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Drops findings of nodes whose flannel pod has just been replaced, where flanneld has yet to
 * program what the agents miss. Meanwhile packets use what is there from before, and whether they
 * pass is still measured.
 */
public final class RestartGrace {
  /** What flanneld repairs when it starts. */
  private static final Set<NodeFault> PROGRAMMED =
      EnumSet.of(
          NodeFault.DEVICE_MISSING,
          NodeFault.DEVICE_DOWN,
          NodeFault.DEVICE_KIND_WRONG,
          NodeFault.DEVICE_ENDPOINT_WRONG,
          NodeFault.DEVICE_VNI_WRONG,
          NodeFault.DEVICE_PORT_WRONG,
          NodeFault.DEVICE_MTU_WRONG,
          NodeFault.DEVICE_ADDRESS_MISSING,
          NodeFault.NETWORK_ROUTE_MISSING,
          NodeFault.ROUTE_MISSING,
          NodeFault.ROUTE_WRONG,
          NodeFault.NEIGHBOUR_MISSING,
          NodeFault.NEIGHBOUR_WRONG,
          NodeFault.FDB_MISSING,
          NodeFault.FDB_WRONG,
          NodeFault.SUBNET_ENV_MISSING,
          NodeFault.SUBNET_ENV_WRONG);

  private RestartGrace() {}

  /**
   * Returns the reports without the faults that flanneld may still repair. They count if they are
   * still there when the node's gate can be judged ({@link RolloutGates}).
   *
   * @param reports by node
   */
  public static Map<String, AgentReport> told(
      Map<String, AgentReport> reports,
      FlannelPods pods,
      DesiredNetwork.Health health,
      Instant now) {
    Map<String, AgentReport> told = new TreeMap<>(reports);
    told.replaceAll(
        (node, report) ->
            pods.on(node).filter(pod -> isFresh(pod, health, now)).isPresent()
                ? report.withFindings(findings -> findings.filter(RestartGrace::isToBeTold))
                : report);
    return told;
  }

  private static boolean isToBeTold(Finding finding) {
    return !PROGRAMMED.contains(finding.fault());
  }

  private static boolean isFresh(FlannelPod pod, DesiredNetwork.Health health, Instant now) {
    Duration patience = RolloutGates.patience(health);
    Optional<Instant> judged = pod.runningSince().map(since -> since.plus(patience));
    return !pod.gateOpen() && judged.filter(now::isAfter).isEmpty();
  }
}
