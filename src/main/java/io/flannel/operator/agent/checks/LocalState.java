package io.flannel.operator.agent.checks;

import io.flannel.operator.api.FlannelNodeStatus;
import java.util.List;
import java.util.Optional;

/**
 * What the node has, as its kernel and its files say.
 *
 * @param device the tunnel device; empty where there is none
 * @param bridgeAddress IPv4 address of the pods' bridge, {@code cni0}, if it is one of the node's
 *     own pod range
 * @param findings what is wrong, that of the node itself first; at most as many as a
 *     FlannelNodeStatus holds
 */
public record LocalState(
    Optional<FlannelNodeStatus.Device> device,
    Optional<String> bridgeAddress,
    List<FlannelNodeStatus.Finding> findings) {}
