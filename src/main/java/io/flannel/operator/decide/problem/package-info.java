/** Reasons of problems: a closed list, each with what to do about it. Pure data. */
@NullMarked
package io.flannel.operator.decide.problem;

import org.jspecify.annotations.NullMarked;
