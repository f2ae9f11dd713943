/**
 * Whether a node's kernel has what flannel should have programmed: what iproute2, /proc and
 * flannel's files say ({@link io.flannel.operator.agent.checks.KernelState}), against what the
 * node's FlannelNodeSpec says ({@link io.flannel.operator.agent.checks.Expected}). Needs neither
 * root nor a capability.
 *
 * <p>Facts about flannel are those of v0.28.10, about iproute2 those of 6.1.
 */
@NullMarked
package io.flannel.operator.agent.checks;

import org.jspecify.annotations.NullMarked;
