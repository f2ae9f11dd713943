/**
 * The flannel that this operator installed, as it runs: its DaemonSet, its configuration, its pods.
 * Pure.
 */
@NullMarked
package io.flannel.operator.flannel.live;

import org.jspecify.annotations.NullMarked;
