package io.flannel.operator.reconcile;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.flannel.operator.apply.EventRecorder;
import io.flannel.operator.observe.Watches;
import io.flannel.operator.render.NodeAgentSettings;
import io.flannel.operator.report.metrics.NetworkMetrics;
import java.time.Clock;

/** What every pass works with. */
record ReconcileContext(
    KubernetesClient client,
    Watches watches,
    NodeAgentSettings agents,
    Clock clock,
    NetworkMetrics metrics,
    EventRecorder events) {}
