/** What flannel left on the nodes when its configuration changed, and when it may be removed. */
@NullMarked
package io.flannel.operator.decide.leftover;

import org.jspecify.annotations.NullMarked;
