/** The node agent: probes the node's peers, checks the node itself, and reports both. */
@NullMarked
package io.flannel.operator.agent;

import org.jspecify.annotations.NullMarked;
