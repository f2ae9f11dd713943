package io.flannel.operator.apply;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.NodeAgentSettings;
import java.time.Clock;

/**
 * What is needed to change the cluster.
 *
 * @param watches the cluster's state, from the caches
 * @param agents settings to render node agents and tasks with
 */
public record ApplyContext(
    KubernetesClient client,
    Watches watches,
    NodeAgentSettings agents,
    EventRecorder events,
    Clock clock) {}
