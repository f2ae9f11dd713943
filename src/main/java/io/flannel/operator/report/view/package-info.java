/**
 * What is shown of the networks to people who look at them, beyond their status: every node, the
 * mesh of probes, the way of a packet. Made when somebody looks, of what the caches hold.
 */
@NullMarked
package io.flannel.operator.report.view;

import org.jspecify.annotations.NullMarked;
