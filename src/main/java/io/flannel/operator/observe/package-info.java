/**
 * What the operator knows of the cluster: its watches, what it keeps of each object, and the
 * cluster's state that decisions are made of. Reads, and writes nothing.
 */
@NullMarked
package io.flannel.operator.observe;

import org.jspecify.annotations.NullMarked;
