/** Which Node has a subnet lease, and which configuration is in force on it. */
@NullMarked
package io.flannel.operator.decide.lease;

import org.jspecify.annotations.NullMarked;
