/** When the task pods on nodes start, how many at once, and what became of them. */
@NullMarked
package io.flannel.operator.decide.task;

import org.jspecify.annotations.NullMarked;
