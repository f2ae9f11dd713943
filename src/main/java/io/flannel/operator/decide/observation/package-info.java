/** What was seen at one time, which all that is decided of one reconciliation is decided by. */
@NullMarked
package io.flannel.operator.decide.observation;

import org.jspecify.annotations.NullMarked;
