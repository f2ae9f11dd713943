/**
 * Whether the network between the nodes carries a new encapsulation, tried before the first node
 * moves to it.
 */
@NullMarked
package io.flannel.operator.decide.preflight;

import org.jspecify.annotations.NullMarked;
