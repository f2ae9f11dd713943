/** The reconciler. One reconciliation is observe, decide, render, apply, report. */
@NullMarked
package io.flannel.operator.reconcile;

import org.jspecify.annotations.NullMarked;
