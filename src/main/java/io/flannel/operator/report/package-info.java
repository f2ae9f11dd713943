/**
 * Turns what was observed and decided into status, conditions and Events: pure functions, given a
 * {@link java.time.Clock}. Everything that users read is worded here or next to its decision.
 */
@NullMarked
package io.flannel.operator.report;

import org.jspecify.annotations.NullMarked;
