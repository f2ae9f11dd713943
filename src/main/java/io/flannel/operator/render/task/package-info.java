/** The pods of tasks on nodes: one task, one pod, which ends when it is done. */
@NullMarked
package io.flannel.operator.render.task;

import org.jspecify.annotations.NullMarked;
