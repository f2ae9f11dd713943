/**
 * Tasks on a node. Each runs in its own pod, which ends with the task and has only the capability
 * that the task needs. The pod has no access to the API server: its environment says what to do
 * ({@code TASK_KIND}, {@code TASK}), and its termination message is the result.
 */
@NullMarked
package io.flannel.operator.agent.tasks;

import org.jspecify.annotations.NullMarked;
