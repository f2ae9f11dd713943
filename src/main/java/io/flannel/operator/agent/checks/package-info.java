/**
 * Checks whether a node's kernel has what flannel should have set up: compares what iproute2, /proc
 * and flannel's files say ({@link io.flannel.operator.agent.checks.KernelState}) with what the
 * node's FlannelNodeSpec says ({@link io.flannel.operator.agent.checks.Expected}). Needs neither
 * root nor a capability.
 *
 * <p>Facts about flannel refer to v0.28.10, those about iproute2 to 6.1.
 */
@NullMarked
package io.flannel.operator.agent.checks;

import org.jspecify.annotations.NullMarked;
