package io.flannel.operator.reconcile;

import io.flannel.operator.apply.ApplyContext;
import io.flannel.operator.report.metrics.NetworkMetrics;
import java.time.Instant;

/**
 * What every reconciliation works with.
 *
 * @param actingSince when this operator began to act
 */
record ReconcileContext(ApplyContext apply, NetworkMetrics metrics, Instant actingSince) {}
