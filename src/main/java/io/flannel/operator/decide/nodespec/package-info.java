/** What each node's agent is to check and whom it is to probe: the spec of its FlannelNode. */
@NullMarked
package io.flannel.operator.decide.nodespec;

import org.jspecify.annotations.NullMarked;
