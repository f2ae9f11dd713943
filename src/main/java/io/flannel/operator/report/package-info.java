/**
 * What was observed and decided, turned into status, conditions and events: pure functions, given a
 * {@link java.time.Clock}. Everything that users read is worded here or beside its decision.
 */
@NullMarked
package io.flannel.operator.report;

import org.jspecify.annotations.NullMarked;
