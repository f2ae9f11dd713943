package io.flannel.operator.agent.checks;

import io.flannel.operator.api.FlannelNodeStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The node's state, according to its kernel and its files.
 *
 * @param device the tunnel device; empty if there is none
 * @param bridgeAddress address of the pods' bridge, {@code cni0}, if it is in the node's own pod
 *     range
 * @param findings what is wrong, the node's own findings first; at most as many as a
 *     FlannelNodeStatus holds
 * @param way what else packets pass
 */
public record LocalState(
    Optional<FlannelNodeStatus.Device> device,
    Optional<String> bridgeAddress,
    List<FlannelNodeStatus.Finding> findings,
    Way way) {
  /** Before the first poll, and where flannel cannot have started. */
  public static final LocalState NOTHING =
      new LocalState(Optional.empty(), Optional.empty(), List.of(), Way.UNKNOWN);

  /**
   * What packets to and from peers pass on the node besides the tunnel device: for display, not for
   * verdicts.
   *
   * @param nic the device with the public IP
   * @param bridge the pods' bridge, {@code cni0}
   * @param routes the kernel's route to each peer's pods, by the peer's name
   */
  public record Way(
      Optional<FlannelNodeStatus.Device> nic,
      Optional<FlannelNodeStatus.Device> bridge,
      Map<String, FlannelNodeStatus.Route> routes) {
    static final Way UNKNOWN = new Way(Optional.empty(), Optional.empty(), Map.of());
  }
}
