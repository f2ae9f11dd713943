/**
 * A flannel that this operator did not install: whether a container runs flanneld, how it is
 * configured, and which subjects have its rights. Pure.
 */
@NullMarked
package io.flannel.operator.flannel.foreign;

import org.jspecify.annotations.NullMarked;
