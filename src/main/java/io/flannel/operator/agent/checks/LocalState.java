package io.flannel.operator.agent.checks;

import io.flannel.operator.api.FlannelNodeStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the node has, as its kernel and its files say.
 *
 * @param device the tunnel device; empty where there is none
 * @param bridgeAddress IPv4 address of the pods' bridge, {@code cni0}, if it is one of the node's
 *     own pod range
 * @param findings what is wrong, that of the node itself first; at most as many as a
 *     FlannelNodeStatus holds
 * @param way what else packets pass
 */
public record LocalState(
    Optional<FlannelNodeStatus.Device> device,
    Optional<String> bridgeAddress,
    List<FlannelNodeStatus.Finding> findings,
    Way way) {
  /** Before anything was seen, and where nothing is to be. */
  public static final LocalState NOTHING =
      new LocalState(Optional.empty(), Optional.empty(), List.of(), Way.UNKNOWN);

  /**
   * What packets to and from peers pass on the node beside the tunnel device: to be shown, not to
   * be judged.
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
