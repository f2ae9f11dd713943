package io.flannel.operator.decide;

import io.flannel.operator.decide.AgentReport.Finding;
import io.flannel.operator.overlay.FlannelPod;
import io.flannel.operator.overlay.FlannelPods;
import io.flannel.operator.overlay.WantedNetwork;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Nodes whose flannel pod has just been replaced: flanneld is yet to program what their agents miss
 * there. Packets travel by what is there from before, and whether they do is measured all the same.
 */
public final class FreshFlannel {
  /** What flanneld puts right when it starts. */
  private static final Set<LocalFault> PROGRAMMED =
      EnumSet.of(
          LocalFault.DEVICE_MISSING,
          LocalFault.DEVICE_DOWN,
          LocalFault.DEVICE_KIND_WRONG,
          LocalFault.DEVICE_ENDPOINT_WRONG,
          LocalFault.DEVICE_VNI_WRONG,
          LocalFault.DEVICE_PORT_WRONG,
          LocalFault.DEVICE_MTU_WRONG,
          LocalFault.DEVICE_ADDRESS_MISSING,
          LocalFault.NETWORK_ROUTE_MISSING,
          LocalFault.ROUTE_MISSING,
          LocalFault.ROUTE_WRONG,
          LocalFault.NEIGHBOUR_MISSING,
          LocalFault.NEIGHBOUR_WRONG,
          LocalFault.FDB_MISSING,
          LocalFault.FDB_WRONG,
          LocalFault.SUBNET_ENV_MISSING,
          LocalFault.SUBNET_ENV_WRONG);

  private FreshFlannel() {}

  /**
   * The reports as they are to be told of: what flanneld will have put right when the node's gate
   * can be judged ({@link RolloutGates}) is told only if it is still there then.
   *
   * @param reports by node
   */
  public static Map<String, AgentReport> told(
      Map<String, AgentReport> reports,
      FlannelPods pods,
      WantedNetwork.Health health,
      Instant now) {
    Map<String, AgentReport> told = new TreeMap<>(reports);
    told.replaceAll(
        (node, report) ->
            pods.on(node).filter(pod -> isFresh(pod, health, now)).isPresent()
                ? report.withFindings(findings -> findings.filter(FreshFlannel::isToBeTold))
                : report);
    return told;
  }

  private static boolean isToBeTold(Finding finding) {
    return !PROGRAMMED.contains(finding.fault());
  }

  private static boolean isFresh(FlannelPod pod, WantedNetwork.Health health, Instant now) {
    Duration patience = RolloutGates.patience(health);
    Optional<Instant> judged = pod.runningSince().map(since -> since.plus(patience));
    return !pod.gateOpen() && judged.filter(now::isAfter).isEmpty();
  }
}
