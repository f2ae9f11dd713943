/**
 * The node agent: a program of its own, one on each node. It reads its own FlannelNode's spec,
 * probes the peers that are named there, looks at what the kernel has, and writes its own
 * FlannelNode's status.
 *
 * <p>Plain Java with Jackson and HdrHistogram: no Quarkus, no Kubernetes client, because memory is
 * paid on every node.
 */
@NullMarked
package io.flannel.operator.agent;

import org.jspecify.annotations.NullMarked;
