package io.flannel.operator.decide.health;

import io.flannel.operator.api.FlannelNetworkStatus.Tunnel;
import io.flannel.operator.api.FlannelNodeStatus.Device;
import io.flannel.operator.decide.problem.ProblemReason;
import java.util.Optional;

/**
 * The verdict on one node's tunnels.
 *
 * @param tunnel Down: no peer is reached. Degraded: some packets or peers are lost, or something is
 *     wrong that pods will suffer from. Both only if the cause is this node or a pair that it is
 *     part of: a node whose peer is down is Healthy
 * @param cause why it is not Healthy; an Unknown node may have none
 * @param reach how many of the peers it reaches, if there are probes
 * @param device the tunnel device, as last reported
 * @param rttP50Micros median round-trip time to its peers, in microseconds
 * @param rttP99Micros 99th percentile of it, to a typical peer
 */
public record TunnelVerdict(
    Tunnel tunnel,
    Optional<ProblemReason> cause,
    Optional<Reach> reach,
    Optional<Device> device,
    Optional<Integer> rttP50Micros,
    Optional<Integer> rttP99Micros) {

  /** Peers reached of peers probed. */
  public record Reach(int reached, int probed) {}
}
