/** The pods of tasks on nodes: one pod per task, which ends when the task is done. */
@NullMarked
package io.flannel.operator.render.task;

import org.jspecify.annotations.NullMarked;
