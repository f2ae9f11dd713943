/**
 * The node agent: a separate program on each node. It reads its own FlannelNode's spec, probes the
 * peers listed there, checks the kernel's state, and writes its own FlannelNode's status.
 *
 * <p>Plain Java with Jackson and HdrHistogram, without Quarkus or a Kubernetes client, because
 * every node pays for the memory.
 */
@NullMarked
package io.flannel.operator.agent;

import org.jspecify.annotations.NullMarked;
