/** All that is wanted now, decided from one observation before anything is written. */
@NullMarked
package io.flannel.operator.decide.plan;

import org.jspecify.annotations.NullMarked;
