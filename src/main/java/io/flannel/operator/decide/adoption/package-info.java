/**
 * Flannels that this operator did not install: which one can be adopted, how that goes on, and
 * which ones the network must not touch.
 */
@NullMarked
package io.flannel.operator.decide.adoption;

import org.jspecify.annotations.NullMarked;
