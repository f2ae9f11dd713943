package io.flannel.operator.apply;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.NodeAgentSettings;
import java.time.Clock;

/**
 * What is needed to change the cluster.
 *
 * @param watches what the cluster has, from the caches
 * @param agents how node agents and tasks are rendered
 */
public record ApplyContext(
    KubernetesClient client,
    Watches watches,
    NodeAgentSettings agents,
    EventRecorder events,
    Clock clock) {}
