/** A snapshot of a network and its cluster, the input of a reconciliation's decisions. */
@NullMarked
package io.flannel.operator.decide.observation;

import org.jspecify.annotations.NullMarked;
