/** What each node's agent checks and which peers it probes: the spec of its FlannelNode. */
@NullMarked
package io.flannel.operator.decide.nodespec;

import org.jspecify.annotations.NullMarked;
