/**
 * What the node agents' reports say of each node and of the paths between them: from reports to
 * evidence, and from evidence to a verdict with a reason.
 */
@NullMarked
package io.flannel.operator.decide.health;

import org.jspecify.annotations.NullMarked;
