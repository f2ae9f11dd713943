/**
 * What flannel is: address ranges, backends, net-conf.json, node annotations, leases. Pure: no
 * Kubernetes client, no clock.
 *
 * <p>Facts about flannel are those of v0.28.10; each class names the source file.
 */
@NullMarked
package io.flannel.operator.flannel;

import org.jspecify.annotations.NullMarked;
