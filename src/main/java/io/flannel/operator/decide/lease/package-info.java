/** Which Nodes have a subnet lease, and which configuration is in force on each. */
@NullMarked
package io.flannel.operator.decide.lease;

import org.jspecify.annotations.NullMarked;
