/**
 * The path of a packet from one node's pods to another's: every hop as the nodes' agents see it,
 * and where it breaks. Pure functions.
 */
@NullMarked
package io.flannel.operator.report.path;

import org.jspecify.annotations.NullMarked;
