/**
 * Turns what was observed and what is wanted into decisions: pure functions over records. No
 * Kubernetes client, no clock.
 */
@NullMarked
package io.flannel.operator.decide;

import org.jspecify.annotations.NullMarked;
