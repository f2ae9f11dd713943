package io.flannel.operator.observe;

import io.flannel.operator.api.FlannelNetwork;
import io.flannel.operator.api.FlannelNetworkStatus;
import io.flannel.operator.api.StatusCondition;
import io.flannel.operator.api.StatusCondition.Status;
import io.flannel.operator.decide.ClusterState.NetworkRef;
import io.flannel.operator.decide.task.TaskSchedule;
import io.flannel.operator.flannel.Times;
import io.flannel.operator.report.StatusReport;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** What a FlannelNetwork itself says about its role in the cluster. */
public final class NetworkClaim {
  /** Reasons for not being Ready for which nothing is written. */
  private static final Set<String> NOT_WRITTEN = Set.of(StatusReport.PAUSED, TaskSchedule.WAITING);

  private NetworkClaim() {}

  static NetworkRef of(FlannelNetwork network) {
    return new NetworkRef(
        network.getMetadata().getName(),
        Times.tryParse(network.getMetadata().getCreationTimestamp()).orElse(Instant.EPOCH),
        Optional.ofNullable(network.getStatus()).filter(NetworkClaim::isInForce).isPresent(),
        annotation(network, FlannelNetwork.CONFIRM_NO_OTHER_FLANNEL).equals("true"));
  }

  /** Returns the value of an annotation; empty if it is not set. */
  public static String annotation(FlannelNetwork network, String key) {
    return Objects.requireNonNullElse(
            network.getMetadata().getAnnotations(), Map.<String, String>of())
        .getOrDefault(key, "");
  }

  /**
   * An accepted network is written, and thus in force, unless it has been paused or waiting for
   * tasks on nodes from the beginning.
   */
  private static boolean isInForce(FlannelNetworkStatus status) {
    return status.applied() != null
        || (has(status, StatusReport.ACCEPTED, Status.TRUE)
            && find(status, StatusReport.READY)
                .filter(ready -> NOT_WRITTEN.contains(ready.reason()))
                .isEmpty());
  }

  private static boolean has(FlannelNetworkStatus status, String type, Status wanted) {
    return find(status, type).filter(condition -> condition.status() == wanted).isPresent();
  }

  private static Optional<StatusCondition> find(FlannelNetworkStatus status, String type) {
    return Objects.requireNonNullElse(status.conditions(), List.<StatusCondition>of()).stream()
        .filter(condition -> condition.type().equals(type))
        .findFirst();
  }
}
