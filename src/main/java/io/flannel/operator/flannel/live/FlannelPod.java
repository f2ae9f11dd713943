package io.flannel.operator.flannel.live;

import java.time.Instant;
import java.util.Optional;

/**
 * One of the DaemonSet's pods that run flanneld.
 *
 * @param name the Pod's name
 * @param node the node that it runs on, or will
 * @param revision the DaemonSet's template that it was made from ({@link
 *     RolloutAnnotations#REVISION}); empty if that has none
 * @param configHash the hash in the name of the ConfigMap that it mounts; empty if it mounts none
 * @param runningSince when the operator saw that its containers were ready; empty if they are not
 * @param gateOpen whether its readiness gate {@link RolloutAnnotations#GATE} is open: its node was
 *     measured to reach its peers again
 */
public record FlannelPod(
    String name,
    String node,
    String revision,
    String configHash,
    Optional<Instant> runningSince,
    boolean gateOpen) {}
