package io.flannel.operator.control;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.render.NodeAgentSettings;
import java.time.Clock;

/** What every pass works with. */
record PassTools(
    KubernetesClient client,
    Watches watches,
    NodeAgentSettings agents,
    Clock clock,
    NetworkMetrics metrics,
    EventRecorder events) {}
