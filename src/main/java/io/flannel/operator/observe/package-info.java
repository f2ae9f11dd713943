/**
 * What the operator knows about the cluster: its watches, what it keeps of each object, and the
 * state that decisions are based on. Nothing here writes.
 */
@NullMarked
package io.flannel.operator.observe;

import org.jspecify.annotations.NullMarked;
